"""`fit` and `predict` of polykeras, or of Keras 3, by the same code."""

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


def polykeras(job):
    """Time polykeras on the job's framework; return the report."""
    import polykeras as keras

    return _timed(keras, job, backend=job.framework)


def keras(job):
    """Time Keras 3, whose backend KERAS_BACKEND chose before it is imported; return the report."""
    import keras

    return _timed(keras, job)
