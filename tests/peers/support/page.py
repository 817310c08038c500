"""Owns the reading of an HTML page: forms, links, refresh, text. Does not own fetching it."""

from dataclasses import dataclass, field
from html.parser import HTMLParser


@dataclass
class Form:
    action: str
    method: str
    enctype: str
    inputs: list[tuple[str, str, str]] = field(default_factory=list)
    """Successful controls in order: name, type, value."""
    submit: tuple[str, str] | None = None
    """The default button, when it has a name: the first submit button of the form."""
    has_submit: bool = False

    def value(self, name: str) -> str | None:
        return next((value for key, _, value in self.inputs if key == name), None)

    def names(self) -> set[str]:
        return {name for name, _, _ in self.inputs}

    def fields(self, **typed: str) -> list[tuple[str, str]]:
        """What a browser sends: every control, hidden ones untouched, with what was typed."""
        sent = [(name, typed.get(name, value)) for name, _, value in self.inputs]
        return sent + ([self.submit] if self.submit else [])


class Page(HTMLParser):
    """One parsed page; entities are decoded as a browser does."""

    def __init__(self, text: str):
        super().__init__(convert_charrefs=True)
        self.forms: list[Form] = []
        self.continue_href: str | None = None
        self.refresh: str | None = None
        self.title = ""
        self.heading = ""
        self.text = ""
        self._open: list[str] = []
        self._form: Form | None = None
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        at = {name: value or "" for name, value in attrs}
        self.text += " "
        if tag == "form":
            self._form = Form(at.get("action", ""), at.get("method", "get").lower(), at.get("enctype", ""))
            self.forms.append(self._form)
        elif tag == "input" and self._form is not None:
            self._input(at)
        elif tag == "select" and self._form is not None and at.get("name"):
            self._form.inputs.append((at["name"], "select", ""))
        elif tag == "option" and self._form is not None and self._form.inputs[-1][1] == "select":
            self._option(at)
        elif tag == "button" and self._form is not None and at.get("type", "submit") == "submit":
            self._button(at)
        elif tag == "a" and at.get("id") == "continue":
            self.continue_href = at.get("href")
        elif tag == "meta" and at.get("http-equiv", "").lower() == "refresh":
            _, _, address = at.get("content", "").partition("=")
            self.refresh = address.strip(" '\"") or None
        if tag in ("title", "h1", "script", "style"):
            self._open.append(tag)

    def _input(self, at):
        kind = at.get("type", "text").lower()
        if kind == "submit":
            self._button(at)
        elif kind in ("checkbox", "radio") and "checked" not in at:
            return
        elif at.get("name"):
            self._form.inputs.append((at["name"], kind, at.get("value", "")))

    def _option(self, at):
        """A select sends its first option, or the one that is marked."""
        name, kind, value = self._form.inputs[-1]
        if "selected" in at or not value:
            self._form.inputs[-1] = (name, kind, at.get("value", ""))

    def _button(self, at):
        if not self._form.has_submit:
            self._form.has_submit = True
            self._form.submit = (at["name"], at.get("value", "")) if at.get("name") else None

    def handle_endtag(self, tag):
        if tag == "form":
            self._form = None
        if self._open and self._open[-1] == tag:
            self._open.pop()

    def handle_data(self, data):
        where = self._open[-1] if self._open else ""
        if where == "title":
            self.title += data
        elif where == "h1":
            self.heading += data
        if where not in ("script", "style", "title"):
            self.text += data
