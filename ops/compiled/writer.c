/* Writes a message as JSON: in the compiled build it takes the place of topics/writer.py.

   It walks msgspec's Structs by the places of their fields, so nothing is made of a message but its
   bytes. What it does not know, a type or a kind of number, it leaves to topics/tree.py, and the message
   as a whole with it: that one is complete, its errors are the only ones, and tests compare the two. */

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <structmember.h>

enum { PLACES = 18, DIGITS_MAX = 300, DEPTH_MAX = 16, RECENT = 16, ON_STACK = 8192 };

typedef struct {
    Py_ssize_t place;  /* Of the value in the Struct, in bytes. */
    PyObject *head;    /* `"name":` */
    int exact;         /* Its number is written with all its digits. */
} Field;

typedef struct {
    PyObject *head;    /* `{`, or `{"kind":"decision",` of a message with a tag. */
    Py_ssize_t unit;   /* Place of the field whose value `quantity` makes numbers exact, or 0. */
    Py_ssize_t count;
    Field fields[];
} Plan;

typedef struct {
    char *at;
    char *end;
    char *start;
    char first[ON_STACK];
} Out;

static PyObject *python_encode, *python_plain, *python_shown, *python_exact_of;
static PyObject *decimal_type, *struct_type, *written_type, *unset;
static PyObject *plans;  /* By type: a capsule with its Plan, or None where there can be none. */
static struct {
    PyTypeObject *type;
    Plan *plan;
} recent[RECENT];

static int put(Out *out, PyObject *value, int exact, int all, int depth);

static inline int need(Out *out, Py_ssize_t size)
{
    if (out->end - out->at >= size)
        return 0;
    Py_ssize_t used = out->at - out->start, room = 2 * (used + size);
    char *bigger = PyMem_Realloc(out->start == out->first ? NULL : out->start, room);
    if (bigger == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    if (out->start == out->first)
        memcpy(bigger, out->first, used);
    out->start = bigger;
    out->at = bigger + used;
    out->end = bigger + room;
    return 0;
}

static inline int put_raw(Out *out, const char *text, Py_ssize_t size)
{
    if (need(out, size) < 0)
        return -1;
    memcpy(out->at, text, size);
    out->at += size;
    return 0;
}

static int put_bytes(Out *out, PyObject *bytes)
{
    return put_raw(out, PyBytes_AS_STRING(bytes), PyBytes_GET_SIZE(bytes));
}

static int put_text(Out *out, PyObject *value)
{
    static const char *const named[32] = {
        ['\b'] = "\\b", ['\t'] = "\\t", ['\n'] = "\\n", ['\f'] = "\\f", ['\r'] = "\\r"};
    Py_ssize_t size;
    const char *text = PyUnicode_AsUTF8AndSize(value, &size);
    if (text == NULL || need(out, 6 * size + 2) < 0)
        return -1;
    char *at = out->at;
    *at++ = '"';
    for (const char *end = text + size; text < end; text++) {
        unsigned char each = *text;
        if (each >= ' ' && each != '"' && each != '\\')
            *at++ = each;
        else if (each >= ' ')
            *at++ = '\\', *at++ = each;
        else if (named[each] != NULL)
            *at++ = named[each][0], *at++ = named[each][1];
        else
            at += sprintf(at, "\\u%04x", each);
    }
    *at++ = '"';
    out->at = at;
    return 0;
}

/* Rounds digits half-even to 18 places behind the point, in place; there is room for one more in
   front. Returns the new end, and moves `*start` where a digit was carried there. */
static char *rounded(char **start, char *point, char *end)
{
    char *kept = point + 1 + PLACES, *rest = kept + 1;
    int up = *kept > '5';
    if (*kept == '5') {
        while (rest < end && *rest == '0')
            rest++;
        up = rest < end || (kept[-1] - '0') % 2;
    }
    if (up) {
        char *digit = kept - 1;
        while (digit >= *start && (*digit == '9' || digit == point)) {
            if (digit != point)
                *digit = '0';
            digit--;
        }
        if (digit >= *start)
            ++*digit;
        else
            *--*start = '1';
    }
    return kept;
}

/* Writes a Decimal from its text as `plain` and `shown` of topics/written.py do. */
static int put_number(Out *out, PyObject *value, int exact)
{
    PyObject *made = PyObject_Str(value);
    Py_ssize_t size;
    const char *text = made == NULL ? NULL : PyUnicode_AsUTF8AndSize(made, &size);
    if (text == NULL || need(out, DIGITS_MAX + 8) < 0)
        goto failed;
    const char *first = text + (*text == '-');
    Py_ssize_t digits = text + size - first;
    int simple = digits <= DIGITS_MAX;
    char *start = out->at + 3, *end = start, *point = NULL;  /* In front: quote, sign and a carry. */
    for (Py_ssize_t i = 0; simple && i < digits; i++) {
        if (first[i] == '.')
            point = end;
        else if (first[i] < '0' || first[i] > '9')
            simple = 0;
        *end++ = first[i];
    }
    if (!simple) {  /* An exponent, or no number at all. */
        Py_DECREF(made);
        made = PyObject_CallOneArg(exact ? python_plain : python_shown, value);
        int done = made == NULL ? -1 : put_text(out, made);
        Py_XDECREF(made);
        return done;
    }
    if (point != NULL) {
        if (!exact && end - point - 1 > PLACES)
            end = rounded(&start, point, end);
        while (end[-1] == '0')
            end--;
        if (end[-1] == '.')
            end--;
    }
    char *at = out->at;
    *at++ = '"';
    if (first != text && !(end - start == 1 && *start == '0'))
        *at++ = '-';
    memmove(at, start, end - start);
    at += end - start;
    *at++ = '"';
    out->at = at;
    Py_DECREF(made);
    return 0;
failed:
    Py_XDECREF(made);
    return -1;
}

static int put_integer(Out *out, PyObject *value)
{
    int beyond;
    long long number = PyLong_AsLongLongAndOverflow(value, &beyond);
    if (beyond || need(out, 24) < 0)
        return -1;
    char digits[20], *at = digits + sizeof digits;
    unsigned long long left = number < 0 ? 0ULL - (unsigned long long)number : (unsigned long long)number;
    do
        *--at = (char)('0' + left % 10);
    while (left /= 10);
    if (number < 0)
        *out->at++ = '-';
    return put_raw(out, at, digits + sizeof digits - at);
}

/* Ends what was begun with `{` or `[`: in the place of the last comma, if anything was written. */
static int put_end(Out *out, char end)
{
    if (out->at[-1] == ',')
        out->at--;
    return put_raw(out, &end, 1);
}

static int put_items(Out *out, PyObject *value, int all, int depth)
{
    if (put_raw(out, "[", 1) < 0)
        return -1;
    for (Py_ssize_t i = 0; i < PySequence_Fast_GET_SIZE(value); i++) {
        PyObject *item = PySequence_Fast_GET_ITEM(value, i);
        if (put(out, item, 0, all, depth) < 0 || put_raw(out, ",", 1) < 0)
            return -1;
    }
    return put_end(out, ']');
}

static int put_named(Out *out, PyObject *value, int all, int depth)
{
    PyObject *key, *item;
    Py_ssize_t place = 0;
    if (put_raw(out, "{", 1) < 0)
        return -1;
    while (PyDict_Next(value, &place, &key, &item)) {
        if (!PyUnicode_CheckExact(key) || put_text(out, key) < 0 || put_raw(out, ":", 1) < 0)
            return -1;
        if (put(out, item, 0, all, depth) < 0 || put_raw(out, ",", 1) < 0)
            return -1;
    }
    return put_end(out, '}');
}

static PyObject *value_at(PyObject *message, Py_ssize_t place)
{
    return *(PyObject **)((char *)message + place);
}

/* Returns where a Struct keeps a field, or 0. */
static Py_ssize_t place_of(PyTypeObject *type, PyObject *name)
{
    PyObject *member = PyObject_GetAttr((PyObject *)type, name);
    Py_ssize_t place = 0;
    if (member != NULL && Py_IS_TYPE(member, &PyMemberDescr_Type)) {
        PyMemberDef *found = ((PyMemberDescrObject *)member)->d_member;
        place = found->type == T_OBJECT_EX ? found->offset : 0;
    }
    Py_XDECREF(member);
    return place;
}

static PyObject *head_of(PyObject *config)
{
    PyObject *tag = PyObject_GetAttrString(config, "tag");
    PyObject *field = PyObject_GetAttrString(config, "tag_field"), *head = NULL;
    if (tag == Py_None)
        head = PyBytes_FromString("{");
    else if (tag != NULL && field != NULL && PyUnicode_Check(tag))
        head = PyBytes_FromFormat("{\"%s\":\"%s\",", PyUnicode_AsUTF8(field), PyUnicode_AsUTF8(tag));
    Py_XDECREF(tag);
    Py_XDECREF(field);
    return head;
}

/* Returns whether msgspec writes a Struct otherwise than field by field. */
static int is_special(PyObject *config)
{
    int special = 0;
    for (const char **name = (const char *[]){"array_like", "omit_defaults", NULL}; *name; name++) {
        PyObject *set = PyObject_GetAttrString(config, *name);
        special |= set != Py_False;
        Py_XDECREF(set);
    }
    return special;
}

static Plan *made_plan(PyTypeObject *type)
{
    Plan *plan = NULL;
    PyObject *config = PyObject_GetAttrString((PyObject *)type, "__struct_config__");
    PyObject *names = PyObject_GetAttrString((PyObject *)type, "__struct_fields__");
    PyObject *shown = PyObject_GetAttrString((PyObject *)type, "__struct_encode_fields__");
    PyObject *rules = PyObject_CallOneArg(python_exact_of, (PyObject *)type);
    PyObject *exact = rules ? PyObject_GetAttrString(rules, "names") : NULL;
    PyObject *by_unit = rules ? PyObject_GetAttrString(rules, "by_unit") : NULL;
    if (!config || !names || !shown || !exact || !by_unit || is_special(config))
        goto done;
    Py_ssize_t count = PyTuple_GET_SIZE(names);
    plan = PyMem_Calloc(1, sizeof(Plan) + count * sizeof(Field));
    if (plan == NULL)
        goto done;
    plan->count = count;
    plan->head = head_of(config);
    for (Py_ssize_t i = 0; i < count; i++) {
        PyObject *name = PyTuple_GET_ITEM(names, i);
        Field *field = &plan->fields[i];
        field->place = place_of(type, name);
        field->head = PyBytes_FromFormat("\"%s\":", PyUnicode_AsUTF8(PyTuple_GET_ITEM(shown, i)));
        field->exact = PySequence_Contains(exact, name);
        if (by_unit == Py_True && PyUnicode_CompareWithASCIIString(name, "unit") == 0)
            plan->unit = field->place;
        if (field->place == 0 || field->head == NULL || field->exact < 0)
            goto none;
    }
    if (plan->head != NULL)
        goto done;
none:
    PyMem_Free(plan);  /* With some names, once: there is no second attempt. */
    plan = NULL;
done:
    PyErr_Clear();
    Py_XDECREF(config);
    Py_XDECREF(names);
    Py_XDECREF(shown);
    Py_XDECREF(rules);
    Py_XDECREF(exact);
    Py_XDECREF(by_unit);
    return plan;
}

static Plan *plan_of(PyTypeObject *type)
{
    size_t slot = ((size_t)type >> 5) % RECENT;
    if (recent[slot].type == type)
        return recent[slot].plan;
    PyObject *kept = PyDict_GetItemWithError(plans, (PyObject *)type);
    Plan *plan;
    if (kept == NULL) {
        plan = PyType_IsSubtype(type, (PyTypeObject *)struct_type) ? made_plan(type) : NULL;
        kept = plan ? PyCapsule_New(plan, NULL, NULL) : Py_NewRef(Py_None);
        if (kept == NULL || PyDict_SetItem(plans, (PyObject *)type, kept) < 0)
            plan = NULL;
        Py_XDECREF(kept);
    } else
        plan = kept == Py_None ? NULL : PyCapsule_GetPointer(kept, NULL);
    if (plan != NULL) {
        recent[slot].type = type;  /* Lives as long as `plans`, which holds it. */
        recent[slot].plan = plan;
    }
    return plan;
}

static int put_struct(Out *out, PyObject *message, int all, int depth)
{
    Plan *plan = plan_of(Py_TYPE(message));
    if (plan == NULL || put_bytes(out, plan->head) < 0)
        return -1;
    int shows = !all && plan->unit;
    if (shows) {
        PyObject *unit = value_at(message, plan->unit);
        shows = !unit || !PyUnicode_Check(unit) || PyUnicode_CompareWithASCIIString(unit, "quantity");
    }
    for (Field *field = plan->fields, *end = field + plan->count; field < end; field++) {
        PyObject *value = value_at(message, field->place);
        if (value == unset)
            continue;
        if (value == NULL || put_bytes(out, field->head) < 0)
            return -1;
        if (put(out, value, field->exact && !shows, all, depth) < 0 || put_raw(out, ",", 1) < 0)
            return -1;
    }
    return put_end(out, '}');
}

/* Writes any value, or returns -1: with an error, or without one for what Python is to write. */
static int put(Out *out, PyObject *value, int exact, int all, int depth)
{
    if (value == Py_None)
        return put_raw(out, "null", 4);
    if (PyUnicode_CheckExact(value))
        return put_text(out, value);
    if (Py_IS_TYPE(value, (PyTypeObject *)decimal_type))
        return put_number(out, value, exact || all);
    if (PyBool_Check(value))
        return value == Py_True ? put_raw(out, "true", 4) : put_raw(out, "false", 5);
    if (PyLong_CheckExact(value))
        return put_integer(out, value);
    if (depth == DEPTH_MAX)
        return -1;
    if (PyTuple_CheckExact(value) || PyList_CheckExact(value))
        return put_items(out, value, all, depth + 1);
    if (PyDict_CheckExact(value))
        return put_named(out, value, all, depth + 1);
    return put_struct(out, value, all, depth + 1);
}

static PyObject *encode(PyObject *module, PyObject *message)
{
    Out out;
    out.start = out.at = out.first;
    out.end = out.first + sizeof out.first;
    int all = !PyType_IsSubtype(Py_TYPE(message), (PyTypeObject *)written_type);
    int done = put_struct(&out, message, all, 0);
    PyObject *bytes = NULL;
    if (done == 0)
        bytes = PyBytes_FromStringAndSize(out.start, out.at - out.start);
    else if (!PyErr_ExceptionMatches(PyExc_MemoryError)) {
        PyErr_Clear();
        bytes = PyObject_CallOneArg(python_encode, message);
    }
    if (out.start != out.first)
        PyMem_Free(out.start);
    return bytes;
}

static int take(const char *module, const char *name, PyObject **place)
{
    PyObject *found = PyImport_ImportModule(module);
    *place = found ? PyObject_GetAttrString(found, name) : NULL;
    Py_XDECREF(found);
    return *place ? 0 : -1;
}

static PyMethodDef functions[] = {
    {"encode", encode, METH_O, "encode(message)\n--\n\nEncode a message as JSON."},
    {NULL, NULL, 0, NULL},
};
static struct PyModuleDef definition = {
    .m_base = PyModuleDef_HEAD_INIT, .m_name = "topics.writer", .m_size = -1, .m_methods = functions};

PyMODINIT_FUNC PyInit_writer(void)
{
    plans = PyDict_New();
    if (plans == NULL || take("topics.tree", "encode", &python_encode) < 0 ||
        take("topics.written", "plain", &python_plain) < 0 ||
        take("topics.written", "shown", &python_shown) < 0 ||
        take("topics.written", "exact_of", &python_exact_of) < 0 ||
        take("topics.fields", "Written", &written_type) < 0 ||
        take("decimal", "Decimal", &decimal_type) < 0 ||
        take("msgspec", "Struct", &struct_type) < 0 || take("msgspec", "UNSET", &unset) < 0)
        return NULL;
    return PyModule_Create(&definition);
}
