/** What a terminal and a file are shown: tables, progress, JSON. Depends on no measurement. */
@NullMarked
package org.jallocator.bench.console;

import org.jspecify.annotations.NullMarked;
