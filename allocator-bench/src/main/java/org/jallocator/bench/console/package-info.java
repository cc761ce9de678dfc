/** What a terminal and a file are shown: tables, progress, JSON. Knows no measurement. */
@NullMarked
package org.jallocator.bench.console;

import org.jspecify.annotations.NullMarked;
