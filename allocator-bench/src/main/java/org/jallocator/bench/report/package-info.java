/** A report and the forms that every command can show it in. */
@NullMarked
package org.jallocator.bench.report;

import org.jspecify.annotations.NullMarked;
