"""What the parity tool shows: text, a page, data; and the command with its exit status."""

import html.parser
import json

import pytest
from click.testing import CliRunner

from polykeras import cli, layers, parity
from tests import faults
from tests.parity_models import ROWS, TARGETS, network

# -- the report ----------------------------------------------------------------------------------------------


class Links(html.parser.HTMLParser):
    """Collects tags, and attributes that would load something."""

    def __init__(self):
        super().__init__()
        self.tags, self.loads = [], []

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.loads += [value for name, value in attributes if name in ("src", "href")]


@pytest.fixture(scope="module")
def parted():
    model = network(layers.Activation("sigmoid", name="gate"))
    return parity.compare(model, ROWS, TARGETS, backends=["numpy", faults.faulty(sigmoid=faults.a_little_off)], steps=3, batch_size=8)


def test_the_text_has_the_tree_with_a_mark(parted):
    text = str(parted)
    assert "✗ gate Activation" in text and "✓ first Dense" in text and "~ last Dense" in text
    assert "Worst of" in text and "Free run, faulty:" in text and "sigmoid(float32[8, 4])" in text


def test_the_page_needs_nothing_else(parted, tmp_path):
    parted.to_html(tmp_path / "report.html")
    page = (tmp_path / "report.html").read_text()
    reader = Links()
    reader.feed(page)
    assert not reader.loads and "http" not in page and {"svg", "polyline", "table"} <= set(reader.tags)
    assert "gate" in page and "sigmoid" in page


def test_the_report_as_data(parted):
    made = json.loads(parted.to_json())
    assert made["first_divergence"]["layer"] == "gate" and made["first_divergence"]["op"] == "sigmoid" and made["first_divergence"]["off"] == "faulty"
    assert len(made["curve"]) == 3 and made["tensors"][0]["share"] > 1


# -- the command --------------------------------------------------------------------------------------------

JOB = """
import numpy as np
from polykeras import layers, models, ops, scope

class Odd(layers.Layer):
    def call(self, inputs):
        backend = scope.running()
        return inputs * (1.01 if getattr(backend, "target", backend).name == "torch" else 1.0)

def build(*middle):
    model = models.Sequential([layers.Input((3,)), *middle, layers.Dense(2)], name="net")
    model.compile("sgd", "mse")
    return model, np.ones((8, 3), "float32"), np.ones((8, 2), "float32")

def bad():
    model, x, y = build(Odd(name="odd"))
    return {"model": model, "x": x, "y": y, "steps": 1}

def broken():
    return 1 / 0
"""


@pytest.mark.parametrize("name, status, tells", [("build", 0, "numpy and torch agree over 2 steps"), ("bad", 1, "Odd 'odd', op multiply"), ("broken", 2, "division by zero"), ("none", 2, "has no function 'none'")])
def test_the_exit_status_tells_the_outcome(tmp_path, name, status, tells):
    (tmp_path / "job.py").write_text(JOB)
    page = tmp_path / "page.html"
    result = CliRunner().invoke(cli.main, ["parity", f"{tmp_path / 'job.py'}:{name}", "--backends", "numpy,torch", "--steps", "2", "--html", str(page)])
    assert result.exit_code == status and tells in result.output, result.output
    assert page.exists() == (status < 2)


def test_the_command_prints_json(tmp_path):
    (tmp_path / "job.py").write_text(JOB)
    result = CliRunner().invoke(cli.main, ["parity", f"{tmp_path / 'job.py'}:bad", "--backends", "numpy,torch", "--json"])
    assert json.loads(result.output)["first_divergence"]["layer"] == "odd"
