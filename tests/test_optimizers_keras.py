"""Optimizers and schedules against Keras 3.15.1, step by step: weights, slots, names, configs, defaults."""

import functools
import inspect

import keras
import numpy as np
import oracle
import pytest
from twins import quick

import polykeras
from polykeras import contract, execute, state, tree
from polykeras.plugins import registry
from polykeras.programs import specs_of

STEPS = 7
SHAPES = {"kernel": (3, 2), "bias": (2,), "frozen": (4,)}
random = np.random.default_rng(7)
START = {name: random.normal(size=shape) for name, shape in SHAPES.items()}
GRADIENTS = [{name: random.normal(size=shape) * 10.0 ** (step - 3) for name, shape in SHAPES.items()} for step in range(STEPS)]
for gradients in GRADIENTS:
    gradients["kernel"][0] = 0.0  # a row that is never hit, as in an Embedding

SCHEDULES = {
    "ExponentialDecay": lambda k: k.optimizers.schedules.ExponentialDecay(0.1, 3, 0.5),
    "ExponentialDecay-stairs": lambda k: k.optimizers.schedules.ExponentialDecay(0.1, 3, 0.5, staircase=True),
    "InverseTimeDecay": lambda k: k.optimizers.schedules.InverseTimeDecay(0.1, 3, 0.5),
    "InverseTimeDecay-stairs": lambda k: k.optimizers.schedules.InverseTimeDecay(0.1, 3, 0.5, staircase=True),
    "PolynomialDecay": lambda k: k.optimizers.schedules.PolynomialDecay(0.1, 5, 0.01, power=2.0),
    "PolynomialDecay-cycle": lambda k: k.optimizers.schedules.PolynomialDecay(0.1, 5, 0.01, power=0.5, cycle=True),
    "PiecewiseConstantDecay": lambda k: k.optimizers.schedules.PiecewiseConstantDecay([2, 5], [0.3, 0.2, 0.1]),
    "CosineDecay": lambda k: k.optimizers.schedules.CosineDecay(0.1, 5, alpha=0.1),
    "CosineDecay-warmup": lambda k: k.optimizers.schedules.CosineDecay(0.01, 5, warmup_target=0.2, warmup_steps=3),
    "CosineDecayRestarts": lambda k: k.optimizers.schedules.CosineDecayRestarts(0.1, 3),
    "CosineDecayRestarts-equal": lambda k: k.optimizers.schedules.CosineDecayRestarts(0.1, 3, t_mul=1.0, m_mul=0.5, alpha=0.2),
    "CosineDecayRestarts-longer": lambda k: k.optimizers.schedules.CosineDecayRestarts(0.1, 3, t_mul=1.5, m_mul=0.9),
}

OPTIMIZERS = {  # class: {case: arguments beside learning_rate=0.1}
    "SGD": {
        "plain": {},
        "momentum": {"momentum": 0.9},
        "nesterov": {"momentum": 0.9, "nesterov": True},
        "weight_decay": {"weight_decay": 0.05, "momentum": 0.5},
        "clipnorm": {"clipnorm": 1.0},
        "clipvalue": {"clipvalue": 0.5},
        "global_clipnorm": {"global_clipnorm": 1.0},
        "ema": {"use_ema": True, "ema_momentum": 0.8},
        "ema overwrites": {"use_ema": True, "ema_momentum": 0.8, "ema_overwrite_frequency": 3, "momentum": 0.9},
        "loss scale": {"loss_scale_factor": 8.0, "clipvalue": 0.5},
        "accumulated": {"gradient_accumulation_steps": 3, "momentum": 0.9},
    },
    "Adam": {
        "plain": {},
        "amsgrad": {"amsgrad": True},
        "betas": {"beta_1": 0.5, "beta_2": 0.9, "epsilon": 1e-3},
        "weight_decay": {"weight_decay": 0.05},
        "clipnorm": {"clipnorm": 1.0, "weight_decay": 0.05},
        "global_clipnorm": {"global_clipnorm": 0.1},
        "ema": {"use_ema": True, "ema_momentum": 0.5, "ema_overwrite_frequency": 2, "amsgrad": True},
        "accumulated": {"gradient_accumulation_steps": 2, "clipvalue": 1.0},
        "accumulated ema": {"gradient_accumulation_steps": 2, "use_ema": True, "ema_momentum": 0.5, "ema_overwrite_frequency": 2},
    },
    "AdamW": {"plain": {}, "decay": {"weight_decay": 0.1, "amsgrad": True}},
    "RMSprop": {
        "plain": {},
        "momentum": {"momentum": 0.9, "rho": 0.5},
        "centered": {"centered": True, "epsilon": 1e-3},
        "everything": {"centered": True, "momentum": 0.9, "weight_decay": 0.01, "clipvalue": 2.0},
    },
    "Adagrad": {"plain": {}, "start": {"initial_accumulator_value": 0.5, "epsilon": 1e-3}, "weight_decay": {"weight_decay": 0.05, "global_clipnorm": 1.0}},
}  # fmt: skip
CASES = {f"{name}-{case}": (name, arguments) for name, cases in OPTIMIZERS.items() for case, arguments in cases.items()}
CASES.update({f"SGD-{schedule}": ("SGD", {"learning_rate": make}) for schedule, make in SCHEDULES.items()})
MODIFIED = {"constraint": ("Adam", {}), "no decay": ("SGD", {"weight_decay": 0.1}), "some without gradient": ("Adam", {})}
ALL = {**CASES, **MODIFIED}


def made(k, case, dtype):
    """Return a case's optimizer and weights, built, in either library."""
    name, arguments = ALL[case]
    arguments = {"learning_rate": 0.1, **arguments}
    if callable(arguments["learning_rate"]):
        arguments["learning_rate"] = arguments["learning_rate"](k)
    optimizer = getattr(k.optimizers, name)(**arguments)
    weights = {part: k.Variable(START[part].astype(dtype), dtype=dtype, name=part) for part in ("kernel", "bias", "frozen")}
    if case == "constraint":
        weights["kernel"].constraint = k.constraints.NonNeg()
    if case == "no decay":
        optimizer.exclude_from_weight_decay(var_list=[weights["kernel"]], var_names=["bia"])
    optimizer.build(list(weights.values()))
    return optimizer, weights


def hit(case, gradients):
    """Return the gradients of a step as a case gives them: without one weight's where it says so."""
    return [None if case == "some without gradient" and name == "frozen" else gradients[name] for name in SHAPES]


@functools.cache
def expected(case, dtype):
    """Return Keras's values of all weights and slots after each step, with their names."""
    keras.utils.clear_session(free_memory=False)
    steps = []
    with oracle.floatx(dtype):
        optimizer, weights = made(keras, case, dtype)
        for gradients in GRADIENTS:
            given = [g if g is None else keras.ops.convert_to_tensor(g.astype(dtype)) for g in hit(case, gradients)]
            if case == "some without gradient":
                optimizer.apply_gradients([pair for pair in zip(given, weights.values()) if pair[0] is not None])
            else:
                optimizer.apply(given, list(weights.values()))
            steps.append({v.path: np.array(oracle.numpy_of(v)) for v in [*weights.values(), *optimizer.variables]})
    return steps


@functools.cache
def found(backend, dtype):
    """Return {case: values of all weights and slots after each step}: every case's update in one program."""
    chosen, rows = registry.load(backend), {}
    with oracle.floatx(dtype):
        for case in ALL:
            polykeras.utils.clear_session()
            rows[case] = made(polykeras, case, dtype)

        def step(gradients):
            for case, (optimizer, weights) in rows.items():
                given = zip(hit(case, gradients), weights.values())
                optimizer.apply_gradients([pair for pair in given if pair[0] is not None])

        batches = [{name: g.astype(dtype) for name, g in gradients.items()} for gradients in GRADIENTS]
        recording = execute.record(step, (specs_of(batches[0]),), chosen)
        variables = {case: [*weights.values(), *optimizer.variables] for case, (optimizer, weights) in rows.items()}
        home = state.settle([v for row in variables.values() for v in row], chosen)
        program = recording.compile(home, options=contract.Options(jit=quick(backend)["jit_compile"]))
        values = {case: [] for case in ALL}
        for batch in batches:
            program.run(tree.leaves(batch))
            read = home.store.read([v.key for row in variables.values() for v in row])
            for case, row in variables.items():
                values[case].append({v.path: read[v.key] for v in row})
    return values


@pytest.mark.parametrize("dtype", oracle.DTYPES)
@pytest.mark.parametrize("case", ALL)
def test_every_step_is_that_of_keras(case, dtype, backend):
    wanted, got = expected(case, dtype), found(backend, dtype)[case]
    for number, (ours, theirs) in enumerate(zip(got, wanted)):
        assert list(ours) == list(theirs)
        for path in theirs:
            oracle.assert_close(ours[path], theirs[path], oracle.BOUND[dtype], f"step {number}, {path}")


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_schedules_are_those_of_keras(schedule, backend):
    steps = np.arange(25, dtype="float64")
    with oracle.floatx("float64"):
        theirs, ours = SCHEDULES[schedule](keras), SCHEDULES[schedule](polykeras)
        wanted = [float(oracle.numpy_of(theirs(keras.ops.convert_to_tensor(step)))) for step in steps]
        got = polykeras.run(ours, steps, backend=backend)
    oracle.assert_close(got, np.array(wanted), 1e-12, schedule)


def plain(config):
    """Return a config without what only says where a class lives."""
    if isinstance(config, dict):
        return {key: plain(value) for key, value in config.items() if key not in ("module", "registered_name", "build_config")}
    return list(config) if isinstance(config, (list, tuple)) else config


@pytest.mark.parametrize("case", CASES)
def test_config_is_that_of_keras_and_makes_it_anew(case):
    keras.utils.clear_session(free_memory=False), polykeras.utils.clear_session()
    (ours, _), (theirs, _) = made(polykeras, case, "float32"), made(keras, case, "float32")
    wanted, got = plain(theirs.get_config()), plain(ours.get_config())
    assert set(got) == set(wanted)
    for name in wanted:
        assert got[name] == pytest.approx(wanted[name]) if isinstance(wanted[name], float) else got[name] == wanted[name], name
    assert plain(type(ours).from_config(ours.get_config()).get_config()) == got


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_arguments_and_defaults_are_those_of_keras(name):
    ours, theirs = (inspect.signature(getattr(k.optimizers, name)).parameters for k in (polykeras, keras))
    assert [(p.name, p.default) for p in ours.values()] == [(p.name, p.default) for p in theirs.values()]


def test_every_optimizer_and_schedule_has_a_case():
    kinds = polykeras.optimizers
    assert {name for name in kinds.__all__ if name[0].isupper()} - {"Optimizer"} == set(OPTIMIZERS)
    assert {kind.__name__ for kind in kinds.schedules._members} == {name.partition("-")[0] for name in SCHEDULES}


def test_learning_rate_can_be_set_and_be_a_function(backend):
    weight = polykeras.Variable(np.ones(2, "float32"))
    optimizer = polykeras.optimizers.SGD(0.5)
    model = polykeras.Sequential([polykeras.layers.Input((2,)), polykeras.layers.Dense(1, use_bias=False, kernel_initializer="ones")])
    model.compile(optimizer, "mse", **quick(backend))
    x, y = np.ones((1, 2), "float32"), np.zeros((1, 1), "float32")
    model.train_on_batch(x, y)
    optimizer.learning_rate = 0.0
    before = model.get_weights()[0]
    model.train_on_batch(x, y)
    assert float(optimizer.learning_rate) == 0 and (model.get_weights()[0] == before).all() and (before != 1).all()
    assert weight.numpy().tolist() == [1, 1]
    assert polykeras.optimizers.SGD(lambda: 0.25).learning_rate == 0.25
    with pytest.raises(TypeError, match="made with a LearningRateSchedule"):
        polykeras.optimizers.SGD(SCHEDULES["ExponentialDecay"](polykeras)).learning_rate = 0.1


def test_moving_average_takes_the_place_of_the_weights_at_the_end(backend):
    model = polykeras.Sequential([polykeras.layers.Input((2,)), polykeras.layers.Dense(1)])
    optimizer = polykeras.optimizers.SGD(0.1, use_ema=True, ema_momentum=0.5)
    model.compile(optimizer, "mse", **quick(backend))
    model.fit(np.ones((4, 2), "float32"), np.ones((4, 1), "float32"), batch_size=2, epochs=2, verbose=0)
    averages = [v for v in optimizer.variables if v.name.endswith("average")]
    for weight, average in zip(model.trainable_variables, averages, strict=True):
        np.testing.assert_array_equal(weight.numpy(), average.numpy())
