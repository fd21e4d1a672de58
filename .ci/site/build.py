"""Builds the documentation site of a commit from the Markdown files of the repository.

    python build.py OUTPUT REVISION SHIM

SHIM is the script of the package iframe-worker, with which the search works from a folder on disk.

The pages are staged in their own folders, so that relative links stay as they are. A link to a file that is not Markdown, such
as an example, gets a page that shows the file, and a link to a folder gets a page that lists it: the site needs no other place
to read the code. The navigation is the section "Documentation" of the README. Zensical builds strictly: a link or an anchor
without target fails.
"""

import posixpath
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import yaml

HERE = Path(__file__).parent
LINK = re.compile(r"(?<!!)\[(?P<text>[^\]]*)\]\((?!https?:|#|mailto:)(?P<target>[^)#\s]+)(?P<anchor>#[^)]*)?\)")
FENCE = re.compile(r"^ *```.*?^ *```$", re.M | re.S)
LANGUAGES = {".ts": "ts", ".json": "json", ".sh": "sh", ".yaml": "yaml", ".yml": "yaml", ".values": "yaml", ".txt": "text"}


class Repository:
    """The files of a revision, as git has them."""

    def __init__(self, revision: str):
        self.revision = revision
        self.files = self._git("ls-tree", "-r", "--name-only", revision).decode().splitlines()

    def read(self, path: str) -> bytes:
        return self._git("show", f"{self.revision}:{path}")

    def below(self, folder: str) -> list[str]:
        return [path for path in self.files if path.startswith(f"{folder}/")]

    @staticmethod
    def _git(*arguments: str) -> bytes:
        return subprocess.run(["git", *arguments], check=True, stdout=subprocess.PIPE).stdout


class Stage:
    """The Markdown files that Zensical reads: those of the repository, and pages for other files and folders."""

    def __init__(self, repository: Repository, folder: Path):
        self.repository = repository
        self.folder = folder
        self.done: set[str] = set()

    def add_all(self) -> None:
        for path in self.repository.files:
            if re.match(r"[^/]+\.md$|(docs|examples|bench)/.*\.md$", path):
                self.add_page(path)
            elif path.startswith("docs/images/"):
                self.write(path, self.repository.read(path))

    def add_page(self, path: str) -> None:
        if path in self.done:
            return
        self.done.add(path)
        text = self.repository.read(path).decode()
        listing = self.listing(posixpath.dirname(path)) if re.match(r"examples/.+/README\.md$", path) else ""
        self.write(path, self.with_pages(posixpath.dirname(path), text + listing).encode())

    def with_pages(self, base: str, text: str) -> str:
        """Rewrites the links of a page to the pages of what they lead to."""

        def rewrite(match: re.Match[str]) -> str:
            target = match["target"]
            path = posixpath.normpath(posixpath.join(base, target))
            page = self.page_for(path)
            return f"[{match['text']}]({posixpath.relpath(page, base or '.')}{match['anchor'] or ''})"

        parts = []
        end = 0
        for fence in FENCE.finditer(text):
            parts += [LINK.sub(rewrite, text[end : fence.start()]), fence.group()]
            end = fence.end()
        return "".join([*parts, LINK.sub(rewrite, text[end:])])

    def page_for(self, path: str) -> str:
        if path.endswith(".md"):
            return path
        if path in self.repository.files:
            return self.add_file(path)
        if self.repository.below(path):
            return self.add_folder(path)
        # Zensical reports where the broken link is.
        return path

    def add_file(self, path: str) -> str:
        # Files whose names begin with a dot are not built.
        page = posixpath.join(posixpath.dirname(path), posixpath.basename(path).lstrip(".") + ".md")
        if page not in self.done:
            self.done.add(page)
            text = self.repository.read(path).decode()
            language = LANGUAGES.get(posixpath.splitext(path)[1], "text")
            self.write(page, f"# {path}\n\n````{language}\n{text}````\n".encode())
        return page

    def add_folder(self, path: str) -> str:
        page = f"{path}/README.md"
        if page in self.repository.files:
            self.add_page(page)
        elif page not in self.done:
            self.done.add(page)
            self.write(page, self.with_pages(path, f"# {path}\n{self.listing(path)}").encode())
        return page

    def listing(self, folder: str) -> str:
        names = [path[len(folder) + 1 :] for path in self.repository.below(folder)]
        return "\nFiles:\n\n" + "".join(f"- [{name}]({name})\n" for name in names if not name.endswith(".md"))

    def write(self, path: str, content: bytes) -> None:
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)


def navigation(readme: str) -> list[dict]:
    """The paragraphs of the section "Documentation": `**Group**: [title](page) · [title](page)`."""
    _, _, section = readme.partition("\n## Documentation\n")
    groups = []
    for paragraph in re.split(r"\n\s*\n", section):
        heading = re.match(r"\s*\*\*([^*]+)\*\*", paragraph)
        if heading:
            links = re.findall(r"\[([^\]]+)\]\(([^)#]+)\)", paragraph)
            groups.append({heading[1]: [{title(text): target} for text, target in links]})
    if not groups:
        sys.exit('The README has no groups of pages below "## Documentation".')
    return [{"Home": "README.md"}, *groups]


def title(text: str) -> str:
    """A link as a title: its first word in upper case, unless it is the name of a command or a file."""
    text = " ".join(text.split())
    return text if re.match(r"kubectl|[\w-]+\.\w", text) else text[:1].upper() + text[1:]


def main() -> None:
    output, revision, shim = sys.argv[1:]
    repository = Repository(revision)
    with tempfile.TemporaryDirectory() as work:
        stage = Stage(repository, Path(work, "pages"))
        stage.add_all()
        config = yaml.safe_load((HERE / "mkdocs.yml").read_text())
        config |= {
            "docs_dir": "pages",
            "site_dir": "site",
            "nav": navigation(repository.read("README.md").decode()),
            "copyright": f"ess-airgap, built from {repository._git('rev-parse', '--short', revision).decode().strip()}",
        }
        file = Path(work, "mkdocs.yml")
        file.write_text(yaml.safe_dump(config, sort_keys=False))
        subprocess.run([sys.executable, "-m", "zensical", "build", "--strict", "--config-file", str(file)], check=True)
        bundle_shim(Path(work, "site"), Path(shim))
        shutil.copytree(Path(work, "site"), output)


def bundle_shim(site: Path, shim: Path) -> None:
    """Replaces the address of the shim on a content delivery network by a copy in the site."""
    shutil.copy(shim, site / "assets/javascripts/iframe-worker.js")
    for page in site.rglob("*.html"):
        base = posixpath.relpath(".", page.parent.relative_to(site).as_posix())
        text = page.read_text()
        page.write_text(text.replace('"https://unpkg.com/iframe-worker/shim"', f'"{base}/assets/javascripts/iframe-worker.js"'))


if __name__ == "__main__":
    main()
