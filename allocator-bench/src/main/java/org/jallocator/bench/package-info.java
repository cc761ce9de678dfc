/**
 * The bench's command line. Each room below has one idea, and an arrow of this picture never turns
 * round; a test holds that.
 *
 * <pre>
 *   Bench, ListCommand, ReportCommand
 *     |
 *   replay   threads   mixed   cgoalloc   jna   compare        a family of commands each
 *     |
 *   contenders   counting   natives   trace                    what is measured, and with what
 *   diagnostics                                                a benchmark for the command jmh
 *     |
 *   report   jmh                                               how a command shows what it found
 *     |
 *   run   page                                                 processes and threads; pictures
 *     |
 *   console                                                    tables, files, errors for the user
 * </pre>
 */
@NullMarked
package org.jallocator.bench;

import org.jspecify.annotations.NullMarked;
