"""Where the book is published, and what each page says of itself there.

`repository.url` in `_config.yml` leads to the site on GitHub Pages, from which
follow the canonical address of each page, its card, the site's map and the
links of the page for what is not found. Who publishes elsewhere sets
`html.baseurl` there.
"""

from html import escape
from urllib.parse import urlsplit


def pages_address(repository):
    """Returns where GitHub Pages publishes a repository.

    >>> pages_address("https://github.com/Ada/losses")
    'https://ada.github.io/losses/'
    >>> pages_address("https://github.com/ada/ada.github.io")
    'https://ada.github.io/'

    Raises:
        ValueError: the repository is not on GitHub.
    """
    url = urlsplit(repository)
    parts = url.path.strip("/").split("/")
    if url.netloc != "github.com" or len(parts) != 2:
        raise ValueError(
            f"repository.url is {repository!r}, not of the form "
            "https://github.com/OWNER/NAME: set html.baseurl too"
        )
    host = f"{parts[0].lower()}.github.io"
    path = "" if parts[1].lower() == host else f"{parts[1]}/"
    return f"https://{host}/{path}"


def set_addresses(app, config):
    """Derives every address of the site."""
    theme = config.html_theme_options
    base = config.html_baseurl or pages_address(theme["repository_url"])
    config.html_baseurl = config.ogp_site_url = base.rstrip("/") + "/"
    config.html_context["site_address"] = config.html_baseurl
    config.notfound_urls_prefix = urlsplit(config.html_baseurl).path


def describe(app, page, template, context, doctree):
    """Describes pages without a text of their own, such as the index."""
    if doctree is None:
        title = context.get("title", page.capitalize())
        content = escape(f"{title}, in {app.config.project}")
        context["metatags"] = f'<meta name="description" content="{content}">'


def setup(app):
    """Connects the functions above to Sphinx.

    Args:
        app: the Sphinx application.
    """
    # before the extensions read what is set here
    app.connect("config-inited", set_addresses, priority=100)
    app.connect("html-page-context", describe)
