"""Codec of the Asterisk Manager Interface: bytes <-> messages. No I/O, no clock, nothing of calls or leads.

What AMI is here (Asterisk 16 and later): a banner line, then messages. A message is lines of ``Name: value`` ended by
an empty line; the first is ``Event`` or ``Response``. Two rules are ours:

- The stream's line end is that of its first line. In a CRLF stream (every Asterisk) a lone LF is part of a value: a
  dialplan variable that holds one can neither end a message nor forge a header. In an LF stream a CR before LF goes.
- Inside a message a line without a name is skipped: values with a CRLF in them occur (an application's data, a
  database entry) and must not take the link down. As the first line of a message it is not AMI.

Values are UTF-8; bytes that are not come as surrogate escapes, so nothing is lost and `encode_action` gives them back.
Header names compare without regard to ASCII case (``Uniqueid``, but ``UniqueID`` in Cdr).

The scan works on C pointers only (its steps are in `_ami.pxd`): no Python object between ``# hot`` and ``# end hot``.
"""
cimport cython
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from cpython.dict cimport PyDict_SetItem
from cpython.object cimport PyObject
from cpython.ref cimport Py_INCREF, Py_XDECREF
from cpython.tuple cimport PyTuple_New, PyTuple_SET_ITEM
from libc.stdint cimport int16_t, uint32_t
from libc.stdlib cimport calloc, free
from libc.string cimport memchr, memcmp, memcpy

from outpace.domain.errors import LocalProtocolError, RemoteProtocolError

cdef const char *BANNER = b"Asterisk Call Manager"


# hot
cdef const char *message_end(walk_t *walk, const char **line) noexcept nogil:
    # Behind the empty line that ends the message, NULL while it has not come; `line` moves to the first open line.
    cdef walk_t here = walk[0]      # a copy stays in registers
    cdef const char *at = line[0]
    cdef const char *lf = line_end(&here)
    while lf != NULL and line_size(at, lf) != 0:
        at = lf + 1
        lf = line_end(&here)
    walk[0] = here
    line[0] = at
    return lf + 1 if lf else lf


cdef const char *pick_fields(walk_t *walk, const char **line, const spec_t *spec, span_t *values) noexcept nogil:
    # message_end, noting the first value of each wanted field on the way.
    cdef walk_t here = walk[0]
    cdef const char *at = line[0]
    cdef const char *lf = line_end(&here)
    cdef Py_ssize_t size, colon
    cdef uint32_t initials = spec.initials
    cdef int i, left = spec.fields
    while lf != NULL:
        size = line_size(at, lf)
        if size == 0:
            break
        if (initials >> (at[0] & 31)) & 1:
            for i in range(spec.fields):
                colon = spec.field[i].size - 1
                if (colon < size and at[colon] == COLON and values[i].at == NULL
                        and same_name(at, spec.field[i].key, colon)):
                    values[i] = value_of(at, size, colon)
                    left -= 1
                    if left == 0:
                        initials = 0
                    break
        at = lf + 1
        lf = line_end(&here)
    walk[0] = here
    line[0] = at
    return lf + 1 if lf else lf


cdef bint next_header(walk_t *walk, const char **line, span_t *name, span_t *value) noexcept nogil:
    # The next named line of a whole message; False at its end.
    cdef const char *at = line[0]
    cdef const char *lf = line_end(walk)
    cdef const char *colon
    cdef Py_ssize_t size
    while lf != NULL:
        size = line_size(at, lf)
        colon = <const char *>memchr(at, COLON, size)
        line[0] = lf + 1
        if colon != NULL and colon > at:
            name.at = at
            name.size = colon - at
            value[0] = value_of(at, size, colon - at)
            return True
        at = lf + 1
        lf = line_end(walk)
    return False
# end hot


cdef inline object text(const char *at, Py_ssize_t size):
    cdef object result
    if size == 0:
        return ""
    if not is_ascii(at, size):
        return PyUnicode_DecodeUTF8(at, size, b"surrogateescape")
    if size == 1:
        return PyUnicode_FromOrdinal(at[0])
    result = PyUnicode_New(size, 127)
    memcpy(PyUnicode_1BYTE_DATA(<PyObject *>result), at, size)
    return result


# Header and event names recur: one str each, found by hash, overwritten when two meet in a slot.
cdef PyObject *names[NAMES]


cdef object name_text(const char *at, Py_ssize_t size):
    cdef Py_ssize_t slot = <Py_ssize_t>(name_hash(at, size) >> 54)
    cdef PyObject *held = names[slot]
    cdef object made
    if (held != NULL and PyUnicode_GET_LENGTH(held) == size
            and memcmp(PyUnicode_1BYTE_DATA(held), at, size) == 0):
        return <object>held
    made = text(at, size)
    if 0 < size <= NAME_MAX and PyUnicode_IS_COMPACT_ASCII(<PyObject *>made):
        Py_INCREF(made)
        names[slot] = <PyObject *>made
        Py_XDECREF(held)
    return made


@cython.final
cdef class Message:
    """One event or response, kept as bytes and read when asked.

    `event` is the event's name, '' for a response; `response` the response's word (Success, Error, Goodbye), '' for an
    event, even where the event has a header of that name (OriginateResponse: ``get("Response")``).
    """

    cdef bytes _raw
    cdef bint _crlf
    cdef readonly str event
    cdef readonly str response

    def __cinit__(self):
        self._raw = b""
        self._crlf = True
        self.event = ""
        self.response = ""

    @property
    def action_id(self):
        """The ActionID that this answers, '' for none."""
        return self.get("ActionID")

    def get(self, str name not None, str default not None=""):
        """The first value of header `name` (ASCII case ignored), `default` where the message has none."""
        cdef list values = self._values(name, True)
        return values[0] if values else default

    def get_all(self, str name not None):
        """Every value of header `name` (ASCII case ignored), in the order sent."""
        return self._values(name, False)

    cdef list _values(self, str name, bint first):
        cdef bytes key = name.encode("utf-8", "surrogateescape")
        cdef const char *at = PyBytes_AS_STRING(self._raw)
        cdef walk_t walk
        cdef span_t header, value
        cdef list values = []
        start_walk(&walk, at, at + PyBytes_GET_SIZE(self._raw), self._crlf)
        while next_header(&walk, &at, &header, &value):
            if header.size == PyBytes_GET_SIZE(key) and same_name(header.at, PyBytes_AS_STRING(key), header.size):
                values.append(text(value.at, value.size))
                if first:
                    break
        return values

    def items(self):
        """All headers as (name, value), in the order sent, names as sent."""
        cdef const char *at = PyBytes_AS_STRING(self._raw)
        cdef walk_t walk
        cdef span_t header, value
        cdef list pairs = []
        start_walk(&walk, at, at + PyBytes_GET_SIZE(self._raw), self._crlf)
        while next_header(&walk, &at, &header, &value):
            pairs.append((name_text(header.at, header.size), text(value.at, value.size)))
        return pairs

    def as_dict(self):
        """All headers, names as sent; a header that is sent more than once becomes a list of its values."""
        cdef const char *at = PyBytes_AS_STRING(self._raw)
        cdef walk_t walk
        cdef span_t header, value
        cdef dict headers = {}
        cdef object name, word, held
        cdef Py_ssize_t distinct = 0
        start_walk(&walk, at, at + PyBytes_GET_SIZE(self._raw), self._crlf)
        while next_header(&walk, &at, &header, &value):
            name = name_text(header.at, header.size)
            word = text(value.at, value.size)
            PyDict_SetDefault(headers, name, word)
            if len(headers) > distinct:
                distinct += 1
            else:
                held = headers[name]
                if isinstance(held, list):
                    (<list>held).append(word)
                else:
                    PyDict_SetItem(headers, name, [held, word])
        return headers

    def __repr__(self):
        return f"<Message {'Event' if self.event else 'Response'}: {self.event or self.response}>"


cdef class _Reader:
    # What Decoder and EventReader share: the bytes that wait for the rest of their message, the line end, the fault.
    cdef readonly str banner
    cdef readonly long long skipped
    cdef Py_ssize_t _max_message
    cdef bytearray _rest            # starts at a message (or at the first line)
    cdef Py_ssize_t _scanned        # in _rest: the first line that is still open; 0 = first line not seen whole
    cdef long long _offset          # of _rest[0] in the stream
    cdef bint _greeted, _crlf
    cdef str _fault
    cdef spec_t *_specs             # NULL: every message is wanted
    cdef int16_t *_slots            # hash table of indexes into _specs, -1 = free
    cdef Py_ssize_t _slot_mask
    cdef list _kept                 # owns the labels and the bytes that _specs points to

    def __cinit__(self):
        self.banner = ""
        self._rest = bytearray()

    def __dealloc__(self):
        free(self._specs)
        free(self._slots)

    @property
    def closed(self):
        """True once the stream has turned out not to be AMI; `feed` raises from then on."""
        return self._fault is not None

    cdef int _limit(self, Py_ssize_t max_message) except -1:
        if max_message < 1:
            raise ValueError(f"max_message must be at least 1, not {max_message}")
        self._max_message = max_message
        return 0

    cdef list _feed(self, bytes data):
        cdef list out = []
        cdef Py_ssize_t used, left, done = 0, size = PyBytes_GET_SIZE(data)
        if self._fault is not None:
            raise RemoteProtocolError(self._fault)
        if PyByteArray_GET_SIZE(self._rest):
            # Only what is likely to end the message that waits is copied to it; the other messages are read in place.
            done = min(JOIN, size)
            self._join(data[:done], out)
            left = PyByteArray_GET_SIZE(self._rest)
            if left > done:
                self._join(data[done:], out)
                done = size
            elif self._fault is None:
                done -= left
                self._rest.clear()
        if done < size and self._fault is None:
            used = self._read(PyBytes_AS_STRING(data) + done, size - done, 0, out)
            self._offset += used
            if self._fault is None:
                self._rest += data[done + used:]
        if self._fault is not None and not out:
            raise RemoteProtocolError(self._fault)
        return out

    cdef int _join(self, bytes data, list out) except -1:
        # Adds bytes to those that wait and takes the whole messages off.
        cdef Py_ssize_t used, old = PyByteArray_GET_SIZE(self._rest)
        if self._fault is None and data:
            self._rest += data
            used = self._read(PyByteArray_AS_STRING(self._rest), PyByteArray_GET_SIZE(self._rest), old, out)
            self._offset += used
            del self._rest[:used]
        return 0

    cdef Py_ssize_t _read(self, const char *start, Py_ssize_t size, Py_ssize_t old, list out) except -1:
        # Takes whole messages off the bytes, of which the first `old` were seen before; returns how many bytes it took.
        cdef const char *nul = <const char *>memchr(start + old, 0, size - old)
        cdef const char *end = start + size if nul == NULL else nul
        cdef const char *at = start
        cdef const char *line = start + self._scanned
        cdef const char *stop
        cdef walk_t walk
        if self._scanned:
            start_walk(&walk, line, end, self._crlf)
            if message_end(&walk, &line) == NULL:
                self._scanned = line - start
                return self._pause(start, start, end, nul)
            self._scanned = 0
        if not self._greeted:
            at = self._greet(start, end)
        if self._greeted:
            start_walk(&walk, at, end, self._crlf)
            while at < end and self._fault is None:
                stop = self._message(start, at, &walk, out)
                if stop == NULL:
                    break
                at = stop
        return self._pause(start, at, end, nul)

    cdef const char *_greet(self, const char *start, const char *end) except NULL:
        # The stream's first line: tells the line end, and is the banner unless a message starts with it. Returns what
        # is to be read next.
        cdef const char *at = start
        cdef const char *lf
        cdef Py_ssize_t size
        while at < end and (at[0] == LF or (at[0] == CR and at + 1 < end and at[1] == LF)):
            at += 1
        lf = <const char *>memchr(at, LF, end - at)
        if lf == NULL:
            return at
        self._greeted = True
        self._crlf = lf > at and (lf - 1)[0] == CR
        size = line_size(at, lf)
        if size < 21 or memcmp(at, BANNER, 21) != 0:
            return at
        if lf + 1 - at > self._max_message:
            self._fail(start, at, end, f"a banner of more than {self._max_message} bytes")
            return at
        self.banner = text(at, size)
        return lf + 1

    cdef const char *_message(self, const char *start, const char *at, walk_t *walk, list out) except? NULL:
        # One message: appends it where it is wanted and returns its end; NULL when it is not whole (or not AMI).
        cdef const char *line
        cdef const char *stop
        cdef const char *lf = line_end(walk)
        cdef const spec_t *spec = NULL
        cdef span_t head
        cdef span_t values[FIELDS_MAX]
        cdef Py_ssize_t size
        cdef bint is_event
        cdef int i
        if lf == NULL:
            return NULL
        while at[0] == LF and at < lf:      # empty lines of a CRLF stream that lack their CR
            at += 1
        size = line_size(at, lf)
        if size == 0:
            return lf + 1
        is_event = size > 6 and memcmp(at, b"Event:", 6) == 0
        if is_event:
            head = value_of(at, size, 5)
        elif size > 9 and memcmp(at, b"Response:", 9) == 0:
            head = value_of(at, size, 8)
        else:
            head.size = 0
        if head.size == 0:
            self._fail(start, at, walk.end, "a message that starts with neither Event nor Response")
            return NULL
        line = lf + 1
        if self._specs != NULL and is_event:
            spec = self._find(head)
        if spec != NULL and spec.fields >= 0:
            for i in range(spec.fields):
                values[i].at = NULL
            stop = pick_fields(walk, &line, spec, values)
        else:
            stop = message_end(walk, &line)
        if stop == NULL:
            self._scanned = line - at
            return NULL
        if stop - at > self._max_message:
            self._scanned = 0
            self._fail(start, at, walk.end, f"a message of more than {self._max_message} bytes")
            return NULL
        if spec != NULL and spec.fields >= 0:
            out.append(_typed(spec, values))
        elif spec != NULL or self._specs == NULL or not is_event:
            out.append(_whole(at, stop, walk.crlf, head, is_event))
        else:
            self.skipped += 1
        return stop

    cdef const spec_t *_find(self, span_t name) noexcept:
        cdef Py_ssize_t slot = <Py_ssize_t>(name_hash(name.at, name.size) >> 32) & self._slot_mask
        cdef const spec_t *spec
        while self._slots[slot] >= 0:
            spec = &self._specs[self._slots[slot]]
            if spec.size == name.size and memcmp(spec.name, name.at, name.size) == 0:
                return spec
            slot = (slot + 1) & self._slot_mask
        return NULL

    cdef Py_ssize_t _pause(self, const char *start, const char *at, const char *end, const char *nul) except -1:
        # The bytes from `at` on are no whole message: wait for more, unless they can no longer become one.
        while at < end and at[0] == LF:
            at += 1
        if self._fault is None:
            if end - at > self._max_message:
                self._fail(start, at, end, f"a message of more than {self._max_message} bytes")
            elif nul != NULL:
                self._fail(start, nul, nul + 1, "a NUL byte")
        return at - start

    cdef int _fail(self, const char *start, const char *at, const char *end, str what) except -1:
        excerpt = PyBytes_FromStringAndSize(at, min(end - at, EXCERPT))
        self._fault = f"{what} at byte {self._offset + (at - start)} of the stream: {excerpt!r}"
        return 0


cdef tuple _typed(const spec_t *spec, const span_t *values):
    cdef tuple event = PyTuple_New(spec.fields + 1)
    cdef object word = <object>spec.label
    cdef int i
    Py_INCREF(word)
    PyTuple_SET_ITEM(event, 0, word)
    for i in range(spec.fields):
        word = "" if values[i].at == NULL else text(values[i].at, values[i].size)
        Py_INCREF(word)
        PyTuple_SET_ITEM(event, i + 1, word)
    return event


cdef Message _whole(const char *at, const char *stop, bint crlf, span_t head, bint is_event):
    cdef Message message = Message.__new__(Message)
    message._raw = PyBytes_FromStringAndSize(at, stop - at)
    message._crlf = crlf
    if is_event:
        message.event = name_text(head.at, head.size)
    else:
        message.response = name_text(head.at, head.size)
    return message


@cython.final
cdef class Decoder(_Reader):
    """Bytes from the switch in, messages out.

    Parameters
    ----------
    max_message : int >= 1, bytes of the longest message that is taken for one.

    Attributes
    ----------
    banner : str, the greeting line, '' until it came (a stream may also start with a message).
    closed : bool, True once the stream has turned out not to be AMI.
    """

    def __init__(self, Py_ssize_t max_message=1 << 20):
        self._limit(max_message)

    def feed(self, bytes data not None):
        """The messages that `data` completes, in order; however the stream is cut, they are the same.

        Raises
        ------
        RemoteProtocolError : the stream is not AMI (what, at which byte, an excerpt). Messages before the fault are
            given first: the call that meets it returns them where there are any, and every later call raises.
        """
        return self._feed(data)


@cython.final
cdef class EventReader(_Reader):
    """The live path: wanted fields of wanted events as tuples, responses as messages, all else skipped by the scan.

    Parameters
    ----------
    wanted : mapping of event name (exact) to its wanted header names (ASCII case ignored; at most 16), or to None where
        the whole `Message` is wanted.
    max_message : int >= 1, bytes of the longest message that is taken for one.

    Attributes
    ----------
    banner, closed : as in `Decoder`.
    skipped : int, events that were not wanted.

    Raises
    ------
    ValueError : too many fields, or a name that can be no header's.
    """

    def __init__(self, wanted, Py_ssize_t max_message=1 << 20):
        cdef Py_ssize_t count = len(wanted), slots = 4, i, slot
        cdef spec_t *spec
        self._limit(max_message)
        if self._specs != NULL:
            raise RuntimeError("an EventReader is set up once")
        if count > 8192:
            raise ValueError(f"too many wanted events: {count}")
        while slots < 4 * count:
            slots *= 2
        self._slot_mask = slots - 1
        self._kept = []
        self._slots = <int16_t *>calloc(slots, sizeof(int16_t))
        self._specs = <spec_t *>calloc(count + 1, sizeof(spec_t))
        if self._specs == NULL or self._slots == NULL:
            raise MemoryError
        for i in range(slots):
            self._slots[i] = -1
        for i, (name, fields) in enumerate(wanted.items()):
            spec = &self._specs[i]
            label = self._name(name)
            self._kept.append(name)
            spec.label = <PyObject *>name
            spec.name = PyBytes_AS_STRING(label)
            spec.size = PyBytes_GET_SIZE(label)
            self._wish(spec, fields)
            slot = <Py_ssize_t>(name_hash(spec.name, spec.size) >> 32) & self._slot_mask
            while self._slots[slot] >= 0:
                slot = (slot + 1) & self._slot_mask
            self._slots[slot] = <int16_t>i

    cdef int _wish(self, spec_t *spec, fields) except -1:
        cdef field_t *field
        cdef bytes key
        if fields is None:
            spec.fields = -1
            return 0
        if len(fields) > FIELDS_MAX:
            raise ValueError(f"at most {FIELDS_MAX} fields of an event, not {len(fields)}")
        for name in fields:
            key = self._name(name) + b":"
            self._kept.append(key)
            field = &spec.field[spec.fields]
            field.key = PyBytes_AS_STRING(key)
            field.size = PyBytes_GET_SIZE(key)
            spec.initials |= <uint32_t>1 << (field.key[0] & 31)
            spec.fields += 1
        return 0

    cdef bytes _name(self, str name):
        # The name as bytes that live as long as the reader.
        cdef bytes key
        if name is None or not name or ":" in name or not name.isascii() or not name.isprintable():
            raise ValueError(f"no header or event can have the name {name!r}")
        key = name.encode("ascii")
        self._kept.append(key)
        return key

    def feed(self, bytes data not None):
        """Responses (`Message`) and wanted events that `data` completes, in order.

        A wanted event is a tuple (event name, value of the first wanted field, ...): the first value where the header
        repeats, '' where it is missing. An event that is wanted whole is a `Message`.

        Raises
        ------
        RemoteProtocolError : as `Decoder.feed`.
        """
        return self._feed(data)


def encode_action(str name not None, fields, str action_id not None=""):
    """The bytes of one action.

    Parameters
    ----------
    name : str, the action (Originate, Bridge, ...).
    fields : iterable of (header name, value); a name may repeat (Variable).
    action_id : str, '' = none.

    Raises
    ------
    LocalProtocolError : a name or value would break out of its line: CR, LF or NUL in it, a colon in a name, a line
        that the switch would cut, Action or ActionID among the fields. Names the field; nothing is encoded.

    >>> encode_action("Hangup", [("Channel", "PJSIP/carrier-1"), ("Cause", "16")], "h1")
    b'Action: Hangup\\r\\nActionID: h1\\r\\nChannel: PJSIP/carrier-1\\r\\nCause: 16\\r\\n\\r\\n'
    """
    cdef list lines = [_action_line("Action", name)]
    cdef str key, value
    if not name:
        raise LocalProtocolError("an action needs a name")
    if action_id:
        lines.append(_action_line("ActionID", action_id))
    for key, value in fields:
        if key is None or value is None:
            raise LocalProtocolError(f"field {key!r}: a header needs a name and a value")
        if key.lower() in ("action", "actionid"):
            raise LocalProtocolError(f"field {key!r} is not one of an action's fields: it is an argument of its own")
        lines.append(_action_line(key, value))
    lines.append(b"\r\n")
    return b"".join(lines)


cdef bytes _action_line(str key, str value):
    cdef bytes line
    cdef const char *at
    cdef Py_ssize_t size
    try:
        line = f"{key}: {value}\r\n".encode("utf-8", "surrogateescape")
    except UnicodeEncodeError as error:
        raise LocalProtocolError(f"field {key!r}: {error.reason}") from None
    at = PyBytes_AS_STRING(line)
    size = PyBytes_GET_SIZE(line) - 2
    if memchr(at, CR, size) != NULL or memchr(at, LF, size) != NULL or memchr(at, 0, size) != NULL:
        raise LocalProtocolError(f"field {key!r}: CR, LF or NUL in a header would end it")
    if not key or ":" in key or key != key.strip():
        raise LocalProtocolError(f"field {key!r}: not a header name")
    if size > ACTION_LINE_MAX:
        raise LocalProtocolError(f"field {key!r}: {size} bytes, the switch reads at most {ACTION_LINE_MAX} of a line")
    return line
