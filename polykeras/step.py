"""The steps of training, testing and predicting, as pure functions to be recorded. No loop is here."""

from polykeras import ops, scope, tree
from polykeras.gradient import value_and_grad


def train(model, data):
    """Return the loss of a batch before its update; weights, slots and metrics are assigned.

    Args:
        data: (x, y, sample_weight).
    """
    y_pred, loss = updated(model, data)
    counted(model, data, loss)
    model.update_metrics(data[0], data[1], y_pred, data[2])
    return loss


def updated(model, data):
    """Return the outputs and the loss of a batch; weights and slots are assigned."""
    x, y, sample_weight = data

    def loss_of():
        y_pred = model(x, training=True)
        loss = model.loss_of(x, y, y_pred, sample_weight, training=True)
        return model.optimizer.scale_loss(loss), (loss, y_pred)

    variables = model.trainable_variables
    if not variables:
        _, (loss, y_pred) = loss_of()
        return y_pred, loss
    (_, (loss, y_pred)), gradients = value_and_grad(loss_of, variables=variables, has_aux=True)()
    model.optimizer.apply(gradients, variables)
    return y_pred, loss


def test(model, data):
    """Return the loss of a batch; metrics are assigned."""
    y_pred, loss = tested(model, data)
    counted(model, data, loss)
    model.update_metrics(data[0], data[1], y_pred, data[2])
    return loss


def tested(model, data):
    """Return the outputs and the loss of a batch."""
    x, y, sample_weight = data
    y_pred = model(x, training=False)
    return y_pred, model.loss_of(x, y, y_pred, sample_weight, training=False)


def predict(model, data):
    """Return the outputs for a batch."""
    return model(data[0], training=False)


def counted(model, data, loss):
    """Let the mean loss take in that of a batch; it counts by its samples, so a short last batch counts less."""
    samples = ops.shape(tree.leaves(data[0])[0])[0]
    model.count_loss(loss, scope.running().full((), samples, "float32"))


def results(model):
    """Return {name: value} of the metrics as they stand."""
    return model.get_metrics_result()
