"""`fit` and `predict` of polykeras, or of Keras 3, by the same code."""

import time

from benchmarks import clock

EPOCHS = 10**6  # more than there is time for: the clock says when to stop


def _begun(keras, job, **where):
    model = job.workload.model(keras)
    model.set_weights(list(job.weights.values()))
    model.compile(keras.optimizers.Adam(), getattr(keras.losses, job.workload.loss)(from_logits=True), **where)
    return model


def _train(keras, model, job, timer):
    class Epochs(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            timer.epoch_done(logs["loss"])
            self.model.stop_training = not timer.goes_on

    x, y = job.inputs if len(job.inputs) > 1 else job.inputs[0], job.labels
    given = {"batch_size": job.batch, "shuffle": False, "verbose": 0}
    model.fit(_head(x, job.batch), y[: job.batch], **given)
    timer.first_step_done()
    model.fit(x, y, epochs=EPOCHS, callbacks=[Epochs()], **given)


def _predict(keras, model, job, timer):
    x = job.inputs if len(job.inputs) > 1 else job.inputs[0]
    given = {"batch_size": job.batch, "verbose": 0}
    model.predict(_head(x, job.batch), **given)
    timer.first_step_done()
    while timer.goes_on:
        timer.epoch_done(model.predict(x, **given))


KINDS = {"train": _train, "predict": _predict}


def _head(x, count):
    return [part[:count] for part in x] if isinstance(x, list) else x[:count]


def _timed(keras, job, **where):
    timer = clock.Clock(job.kind, job.steps, job.epochs)
    KINDS[job.kind](keras, _begun(keras, job, **where), job, timer)
    return timer.report()


def _turns(keras, job, **where):
    """Return turn(epochs) -> seconds of each; between the first and the last nothing else is done."""
    model = _begun(keras, job, **where)
    x = job.inputs if len(job.inputs) > 1 else job.inputs[0]
    given = {"batch_size": job.batch, "verbose": 0}

    class Epochs(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            ends.append(time.perf_counter())

    ends = []

    def trained(count):
        ends.clear()
        model.fit(x, job.labels, epochs=count + 1, shuffle=False, callbacks=[Epochs()], **given)
        return [later - sooner for sooner, later in zip(ends, ends[1:])]

    def predicted(count):
        ends[:] = [time.perf_counter()]
        for _ in range(count):
            model.predict(x, **given)
            ends.append(time.perf_counter())
        return [later - sooner for sooner, later in zip(ends, ends[1:])]

    return {"train": trained, "predict": predicted}[job.kind]


def polykeras_turns(job):
    """Return turn(epochs) -> seconds of each, of polykeras."""
    import polykeras as keras

    return _turns(keras, job, backend=job.framework)


def keras_turns(job):
    """Return turn(epochs) -> seconds of each, of Keras 3."""
    import keras

    return _turns(keras, job)


def polykeras(job):
    """Time polykeras on the job's framework; return the report."""
    import polykeras as keras

    return _timed(keras, job, backend=job.framework)


def keras(job):
    """Time Keras 3, whose backend KERAS_BACKEND chose before it is imported; return the report."""
    import keras

    return _timed(keras, job)
