/** What the proof in HeapOwner says, under jcstress. Here since the classes are package-private. */
@NullMarked
package org.jallocator.fixedblock;

import org.jspecify.annotations.NullMarked;
