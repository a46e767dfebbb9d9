"""Catalogues: the named objects of one role (initializers, losses, ...), found by name or config."""

import inspect

from polykeras.naming import snake_case


class Catalogue:
    """The classes and functions of one role.

    Args:
        role: what they are, for messages: "initializer".
        module: Keras's module of that role, for configs: "keras.initializers".
        members: the classes and functions.
        aliases: {another name: member}.
    """

    def __init__(self, role, module, members, aliases=None):
        self.role, self.module = role, module
        self.members = {member.__name__: member for member in members}
        self.names = dict(self.members)
        for name, member in self.members.items():
            if inspect.isclass(member):
                self.names[snake_case(name)] = member
                self.names[name.lower()] = member
        self.names.update(aliases or {})

    def find(self, name):
        """Return the member of a name.

        Raises:
            ValueError: there is none; lists those there are.
        """
        if name not in self.names:
            raise ValueError(f"Unknown {self.role}: got {name!r}, expected one of {', '.join(sorted(self.members))}, or a function.")
        return self.names[name]

    def get(self, identifier):
        """Return an object of the role: given as one, as a name, as a class, as a config, or None as None.

        Raises:
            ValueError: it is none of these.
        """
        if identifier is None:
            return None
        if isinstance(identifier, str):
            member = self.find(identifier)
            return member() if inspect.isclass(member) else member
        if isinstance(identifier, dict):
            return self.deserialize(identifier)
        if inspect.isclass(identifier):
            return identifier()
        if callable(identifier):
            return identifier
        raise ValueError(f"Expected {_article(self.role)}: a name, a function or an object; got {identifier!r}.")

    def serialize(self, value):
        """Return a config of an object, in Keras's layout; the name alone of a function."""
        if value is None:
            return None
        if hasattr(value, "get_config"):
            known = type(value).__name__ in self.members
            return {
                "module": self.module if known else type(value).__module__,
                "class_name": type(value).__name__,
                "config": value.get_config(),
                "registered_name": None if known else type(value).__name__,
            }
        return value.__name__

    def deserialize(self, config, custom_objects=None):
        """Return the object of a config or a name."""
        if isinstance(config, str):
            return self.get((custom_objects or {}).get(config, config))
        name = config["class_name"]
        member = (custom_objects or {}).get(name) or self.find(name)
        return member.from_config(config.get("config", {})) if hasattr(member, "from_config") else member


def _article(role):
    return f"{'an' if role[0] in 'aeiou' else 'a'} {role}"
