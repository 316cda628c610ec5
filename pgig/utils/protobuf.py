"""Protocol-buffer messages from a table of their fields, without generated code.

They live in a pool of their own: TensorFlow and others register the same names in the common one.
"""

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

_PACKAGE = "pgig"


def message_classes(schema):
    """Build message classes; fields that a schema leaves out are kept by the parser and not seen.

    Args:
        schema: {message: {field: "NUMBER TYPE" or "NUMBER repeated TYPE"}}, TYPE a scalar type of the
            protocol-buffer language (`bytes`, `string`, `int64`, `float`, ...) or a message of the schema.
            A map is, on the wire, a repeated message of `key` (1) and `value` (2).

    Returns:
        {message: class}, of which `FromString` raises `google.protobuf.message.DecodeError`.
    """
    kinds = descriptor_pb2.FieldDescriptorProto
    file = descriptor_pb2.FileDescriptorProto(name="messages.proto", package=_PACKAGE, syntax="proto3")
    for name, fields in schema.items():
        entry = file.message_type.add(name=name)
        for field, text in fields.items():
            number, *repeated, kind = text.split()
            added = entry.field.add(name=field, number=int(number))
            added.label = kinds.LABEL_REPEATED if repeated else kinds.LABEL_OPTIONAL
            if kind in schema:
                added.type, added.type_name = kinds.TYPE_MESSAGE, f".{_PACKAGE}.{kind}"
            else:
                added.type = kinds.Type.Value(f"TYPE_{kind.upper()}")

    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    find = pool.FindMessageTypeByName
    return {name: message_factory.GetMessageClass(find(f"{_PACKAGE}.{name}")) for name in schema}
