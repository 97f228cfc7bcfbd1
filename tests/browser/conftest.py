"""A real JupyterLab in a real browser: one server and one Chromium for all tests, one page for each lesson."""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import nbformat
import pytest

from tests.browser.moves import LESSONS
from tests.conftest import missing

ROOT = Path(__file__).parents[2]
SCREENSHOTS = ROOT / "build/browser"
WIDE, TALL = 1200, 1600  # pixels
PATIENCE = 120  # seconds; a busy machine is no failure
QUIET = {"notification": {"fetchNews": "false", "checkForUpdates": False}}
READY = """async () => {
    await jupyterapp.restored;
    const notebook = jupyterapp.shell.currentWidget;
    await notebook.context.ready;
    await notebook.sessionContext.ready;
    await notebook.sessionContext.session.kernel.info;
}"""


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item):
    """Keep a picture of the page on which a test failed."""
    report = yield
    if report.failed and (lesson := getattr(item, "funcargs", {}).get("lesson")):
        lesson.page.screenshot(path=SCREENSHOTS / f"{item.name}-failed.png")
    return report


@pytest.fixture(scope="session")
def chromium():
    playwright = pytest.importorskip("playwright.sync_api", reason="the browser tests need playwright")
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if not found:
        missing("the browser tests need Chromium, and none was found")
    as_root = ["--no-sandbox"] if os.getuid() == 0 else []
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    with playwright.sync_playwright() as driver:
        arguments = ["--disable-gpu", "--disable-dev-shm-usage", *as_root]
        try:
            browser = driver.chromium.launch(executable_path=found, args=arguments)
        except playwright.Error as error:
            missing(f"{found} does not start here: {error}")
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def jupyterlab(chromium, tmp_path_factory):
    """The address of a server, and the folder that it serves."""
    home = tmp_path_factory.mktemp("jupyterlab")
    for name, value in QUIET.items():
        folder = home / "settings/@jupyterlab/apputils-extension"
        folder.mkdir(parents=True)
        (folder / f"{name}.jupyterlab-settings").write_text(json.dumps(value))
    folders = {"JUPYTER_CONFIG_DIR": "config", "JUPYTERLAB_WORKSPACES_DIR": "workspaces"}
    folders |= {"JUPYTERLAB_SETTINGS_DIR": "settings"}
    environment = os.environ | {name: str(home / folder) for name, folder in folders.items()}
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = ["--no-browser", "--ip=127.0.0.1", f"--port={port}", "--ServerApp.port_retries=0"]
    options += ["--IdentityProvider.token=", "--LabApp.expose_app_in_browser=True"]
    options += ["--allow-root"] if os.getuid() == 0 else []
    (home / "lessons").mkdir()
    with (home / "log.txt").open("w") as log:
        command = [sys.executable, "-m", "jupyterlab", *options]
        server = subprocess.Popen(command, env=environment, cwd=home / "lessons", stdout=log, stderr=log)
    try:
        address = f"http://127.0.0.1:{port}"
        _wait_for(f"{address}/api/status")
        yield address, home / "lessons"
    finally:
        server.terminate()
        server.wait(PATIENCE)


def _wait_for(address):
    for _ in range(2 * PATIENCE):
        try:
            return urllib.request.urlopen(address, timeout=5)
        except OSError:
            time.sleep(0.5)
    raise TimeoutError(f"{address} did not answer within {PATIENCE} s")


class Lesson:
    """A page with some cells of a lesson, all of them run; `errors` are what page and console complain of."""

    def __init__(self, page, name, cells, widgets):
        self.page, self.name, self.cells, self.widgets, self.errors = page, name, cells, widgets, []
        page.set_default_timeout(1000 * PATIENCE)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", lambda message: message.type == "error" and self.errors.append(message.text))

    def run(self, address):
        self.page.goto(address, wait_until="domcontentloaded")
        self.page.wait_for_selector(".jp-NotebookPanel .jp-Cell")
        self.page.evaluate(READY)
        self.page.evaluate("() => { jupyterapp.commands.execute('notebook:run-all-cells') }")  # takes long

    def close(self):
        self.page.evaluate("() => jupyterapp.serviceManager.sessions.shutdownAll()")
        self.page.close()

    def output(self, cell):
        """The output of the cell with this id."""
        return self.page.locator(".jp-CodeCell").nth(self.cells.index(cell)).locator(".jp-Cell-outputArea")

    def screenshot(self, cell, name):
        self.output(cell).screenshot(path=SCREENSHOTS / f"{name}.png")

    def use_theme(self, name):
        self.page.evaluate("name => jupyterapp.commands.execute('apputils:change-theme', {theme: name})", name)
        self.page.wait_for_selector("#jupyterlab-splash", state="detached")


@pytest.fixture(scope="session")
def lesson(request, chromium, jupyterlab):
    """The page of one lesson; the parameter is its place in `LESSONS`."""
    (address, folder), chosen = jupyterlab, LESSONS[request.param]
    name, cells, code = chosen.name, chosen.cells, chosen.code
    notebook = nbformat.read(ROOT / "notebooks" / f"{name}.ipynb", 4)
    by_id = {cell.id: cell for cell in notebook.cells}
    by_id |= {cell: nbformat.v4.new_code_cell(source, id=cell) for cell, source in code.items()}
    notebook.cells = [by_id[cell] for cell in cells]
    for cell in notebook.cells:
        cell.outputs, cell.execution_count = [], None
    nbformat.write(notebook, folder / f"{name}.ipynb")
    opened = Lesson(chromium.new_page(viewport={"width": WIDE, "height": TALL}), name, cells, chosen.widgets)
    opened.run(f"{address}/lab/tree/{name}.ipynb?reset")
    yield opened
    opened.close()
