"""Training loops written by hand, each as somebody who knows the framework would."""
