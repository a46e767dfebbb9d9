"""What an optimizer does to one weight, where a backend is likely to have it as one operation."""

from polykeras.ops.dispatch import constant, op, p


@op("learning_rate step")
def adam_rate(learning_rate, step, beta_1=0.9, beta_2=0.999):
    """Return Adam's learning rate with the bias correction in it: learning_rate * sqrt(1 - beta_2**step) / (1 - beta_1**step).

    Args:
        learning_rate, step: scalars of one float dtype; steps count from 1.
    """
    one = constant(1.0, step)
    left_1 = p.subtract(one, p.power(constant(beta_1, step), step))
    left_2 = p.subtract(one, p.power(constant(beta_2, step), step))
    return p.divide(p.multiply(learning_rate, p.sqrt(left_2)), left_1)


@op("value gradient momentum velocity velocity_hat rate")
def adam_update(value, gradient, momentum, velocity, velocity_hat=None, rate=0.001, beta_1=0.9, beta_2=0.999, epsilon=1e-7):
    """Return (value, momentum, velocity), or those and velocity_hat, after a step of Adam (Kingma & Ba 2014).

    Args:
        value, gradient, momentum, velocity: arrays of one shape and float dtype.
        velocity_hat: the largest velocity so far, for AMSGrad (Reddi et al. 2018); or None.
        rate: scalar of that dtype, that of adam_rate.
    """
    momentum = p.add(momentum, p.multiply(p.subtract(gradient, momentum), constant(1.0 - beta_1, momentum)))
    velocity = p.add(velocity, p.multiply(p.subtract(p.multiply(gradient, gradient), velocity), constant(1.0 - beta_2, velocity)))
    largest = velocity if velocity_hat is None else p.maximum(velocity_hat, velocity)
    spread = p.add(p.sqrt(largest), constant(epsilon, largest))
    value = p.subtract(value, p.divide(p.multiply(momentum, rate), spread))
    return (value, momentum, velocity) if velocity_hat is None else (value, momentum, velocity, largest)
