"""What backends there are: the table behind `polykeras backends`."""

from polykeras.plugins import registry


def available():
    """Return an Offer for each backend found, faulty ones too: name, source, status, version, devices, fault.

    Nothing is imported for it but the plugins themselves, which import no framework.

    >>> [offer.name for offer in available() if offer.name == "numpy"]
    ['numpy']
    """
    return registry.offers()
