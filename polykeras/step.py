"""The steps of training, testing and predicting, as pure functions to be recorded. No loop is here."""

from polykeras import ops, scope, tree
from polykeras.gradient import value_and_grad


def train(model, data):
    """Return the loss of a batch before its update; weights, slots and metrics are assigned.

    Args:
        data: (x, y, sample_weight).
    """
    x, y, sample_weight = data

    def loss_of():
        y_pred = model(x, training=True)
        loss = model.compute_loss(x, y, y_pred, sample_weight, training=True)
        return model.optimizer.scale_loss(loss), (loss, y_pred)

    variables = model.trainable_variables
    if variables:
        (_, (loss, y_pred)), gradients = value_and_grad(loss_of, variables=variables, has_aux=True)()
        model.optimizer.apply(gradients, variables)
    else:
        _, (loss, y_pred) = loss_of()
    observe(model, data, y_pred, loss)
    return loss


def test(model, data):
    """Return the loss of a batch; metrics are assigned."""
    x, y, sample_weight = data
    y_pred = model(x, training=False)
    loss = model.compute_loss(x, y, y_pred, sample_weight, training=False)
    observe(model, data, y_pred, loss)
    return loss


def predict(model, data):
    """Return the outputs for a batch."""
    return model(data[0], training=False)


def observe(model, data, y_pred, loss):
    """Update the metrics with a batch; the loss counts by its number of samples, so a short last batch counts less."""
    x, y, sample_weight = data
    samples = ops.shape(tree.leaves(x)[0])[0]
    model.loss_tracker.update_state(loss, sample_weight=_count(samples))
    model.update_metrics(x, y, y_pred, sample_weight)


def _count(samples):
    return scope.running().full((), samples, "float32")


def results(model):
    """Return {name: value} of the metrics as they stand."""
    return model.get_metrics_result()
