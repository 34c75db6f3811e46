"""Every kind of set that the fuzz knows."""

from tests.fuzz import archives, captions, folders, masks, memory, objects, tables, texts
from tests.fuzz.case import Format

MODULES = (folders, objects, masks, memory, texts, captions, tables, archives)
FORMATS: tuple[Format, ...] = tuple(form for module in MODULES for form in module.FORMATS)
