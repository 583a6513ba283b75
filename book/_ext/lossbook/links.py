"""Links what the text names: code to the API, terms and losses to their place.

The notebooks are written plainly, so that they read well in Colab too. On the
pages, a name of `lossutils` in code type leads to the API, and the first
mention of a term of the glossary or of a loss leads to where it is explained.
The names that the code cells use are listed at the foot, as links. The index
has every loss, beside the terms and the names of code.
"""

import re

from docutils import nodes
from sphinx import addnodes
from sphinx.transforms import SphinxTransform
from sphinx.transforms.post_transforms import SphinxPostTransform

from .cheat_sheet import families

# What a link may stand in.
OPEN = (nodes.paragraph, nodes.emphasis, nodes.strong)
# Words of the glossary that are everywhere: their links would be noise.
COMMON = {
    *"batch eager error graph label loss mask negative objective".split(),
    *"positive precision prediction threshold view y_pred y_true".split(),
    "loss function",
}


def code_names(objects):
    """Returns the full name behind each name in code type.

    A name is `module.name`; or the bare name, if it cannot be taken for a
    plain word. The losses come before their twins of the same name.

    >>> names = code_names(
    ...     ["lossutils.data.split", "lossutils.addons.GIoULoss",
    ...      "lossutils.detection.GIoULoss"])
    >>> names["GIoULoss"], names["data.split"], names.get("split")
    ('lossutils.detection.GIoULoss', 'lossutils.data.split', None)
    """
    full = {}
    twins = ("lossutils.addons.", "lossutils.reference.")
    for target in sorted(objects, key=lambda name: name.startswith(twins)):
        _, module, name = target.split(".")
        full[target] = full[f"{module}.{name}"] = target
        if "_" in name or name.lower() != name:
            full.setdefault(name, target)
    return full


def used(code, names):
    """Returns the full names that Python code uses, sorted.

    >>> names = code_names(["lossutils.data.split", "lossutils.data.digits"])
    >>> used("x = data.split(split(digits))", names)
    ['lossutils.data.split']
    """
    words = re.findall(r"(?<![\w.])[A-Za-z_][\w.]*", code)
    return sorted({names[word] for word in words if word in names})


def twin_of(name, objects):
    """Returns the reference of a loss, in a list, or an empty list.

    >>> reference = "lossutils.reference.iou_loss"
    >>> twin_of("lossutils.detection.IoULoss", [reference])
    ['lossutils.reference.iou_loss']
    """
    word = name.split(".")[-1].replace("_", "").lower()
    return [
        twin
        for twin in objects
        if twin.startswith("lossutils.reference.")
        and twin.split(".")[-1].replace("_", "") == word
    ]


def losses():
    """Returns the page and the anchor that each name of a loss leads to."""
    places = {}
    for row in (row for family in families() for row in family["rows"]):
        page, _, anchor = row["section"].partition(".ipynb#")
        for name in row["names"]:
            places[name] = (f"book/{page}", anchor)
    return places


def mentions(phrases):
    """Returns a pattern that finds phrases, the longest first.

    >>> found = mentions(["margin", "soft label"])
    >>> [mention[0] for mention in found.finditer("Soft labels: no margin.")]
    ['Soft labels', 'margin']
    """
    longest_first = sorted(phrases, key=len, reverse=True)
    words = "|".join(map(re.escape, longest_first))
    return re.compile(rf"(?<![\w-])({words})s?(?![\w-])", re.IGNORECASE)


def in_tree(node):
    """Tells whether a node is in the front page's tree of links."""
    while node := node.parent:
        if "decision-tree" in node.get("classes", []):
            return True
    return False


class IndexLosses(SphinxTransform):
    """Puts the section on a loss into the index, by the loss's names."""

    # before the index is collected
    default_priority = 500

    def apply(self):
        """Adds the entries to the sections of a page."""
        names = {}
        for name, place in losses().items():
            names.setdefault(place, []).append(name)
        for section in self.document.findall(nodes.section):
            for anchor in section["ids"]:
                entries = [
                    ("single", name, anchor, "", None)
                    for name in names.get((self.env.docname, anchor), [])
                ]
                if entries:
                    section.insert(1, addnodes.index(entries=entries))


class LinkMentions(SphinxPostTransform):
    """Adds the links to a page, when its other links are resolved."""

    default_priority = 500
    formats = ("html",)

    def run(self):
        """Links code, then terms and losses."""
        self.page = self.env.docname
        objects = {
            name: (entry.docname, entry.node_id)
            for name, entry in self.env.domaindata["py"]["objects"].items()
            if entry.objtype in ("class", "function")
        }
        names = code_names(objects)
        self.link_code(objects, names)
        self.link_first_mentions()
        self.list_used(objects, names)

    def link(self, place, content):
        """Returns a link to a `(page, anchor)` of the book."""
        page, anchor = place
        uri = self.app.builder.get_relative_uri(self.page, page)
        uri = f"#{anchor}" if page == self.page else f"{uri}#{anchor}"
        link = nodes.reference("", "", internal=True, refuri=uri)
        link["classes"].append("mention")
        link += content
        return link

    def link_code(self, objects, names):
        """Lets names of the package lead to the API."""
        for code in list(self.document.findall(nodes.literal)):
            target = names.get(code.astext().partition("(")[0])
            if target and isinstance(code.parent, OPEN):
                link = self.link(objects[target], code.deepcopy())
                code.parent.replace(code, link)

    def list_used(self, objects, names):
        """Lists at the foot what the code cells use of the package."""
        cells = [
            node
            for node in self.document.findall(nodes.container)
            if "cell_input" in node["classes"]
        ]
        found = used("\n".join(cell.astext() for cell in cells), names)
        twins = sorted(
            {twin for name in found for twin in twin_of(name, objects)}
        )
        foot = nodes.paragraph()
        for lead, listed in [
            ("Of lossutils, the code above uses ", found),
            (" The losses in pure Python: ", twins),
        ]:
            for i, name in enumerate(listed):
                code = nodes.literal("", name.removeprefix("lossutils."))
                foot += nodes.Text(", " if i else lead)
                foot += self.link(objects[name], code)
            foot += nodes.Text("." if listed else "")
        if found:
            # into the section of the page's title, which holds all others
            self.document.children[-1].append(foot)

    def link_first_mentions(self):
        """Lets the first mention of a term or a loss lead to its place."""
        terms = self.env.domaindata["std"]["terms"]
        places = {word: terms[word] for word in terms if word not in COMMON}
        places |= {name.lower(): at for name, at in losses().items()}
        links = self.document.findall(nodes.reference)
        linked = {link.get("refuri", "").split("/")[-1] for link in links}
        pattern = mentions(places)
        for text in list(self.document.findall(nodes.Text)):
            if not isinstance(text.parent, OPEN) or in_tree(text):
                continue
            parts, end = [], 0
            for found in pattern.finditer(text):
                page, anchor = place = places[found[1].lower()]
                name = f"{page.split('/')[-1]}.html#{anchor}"
                if page == self.page or name in linked:
                    continue
                linked.add(name)
                parts.append(nodes.Text(text[end : found.start()]))
                parts.append(self.link(place, nodes.Text(found[0])))
                end = found.end()
            if parts:
                rest = nodes.Text(text[end:])
                text.parent.replace(text, [*parts, rest])


def setup(app):
    """Adds the links.

    Args:
        app: the Sphinx application.
    """
    app.add_transform(IndexLosses)
    app.add_post_transform(LinkMentions)
