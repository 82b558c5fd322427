/*
 * import_collect: removes the artifacts that no release names: what a crash in the midst of an import has left, and
 * what belonged to a release that is gone. Import thread only: while it runs nothing is imported.
 */
#pragma once

#include "import_run.h"

/* Ends at the first that cannot be removed: the next call collects the rest. Blocks on the disk. */
void import_collect(const struct import_parts *parts);
