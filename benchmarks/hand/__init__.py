"""Training loops written by hand, each as somebody who knows the framework would.

A module has train(job) and predict(job); both return epoch(steps), which runs so many steps, from the first batch,
and returns the mean loss or the outputs. Weights go by the paths of the model: "logits/kernel".
"""
