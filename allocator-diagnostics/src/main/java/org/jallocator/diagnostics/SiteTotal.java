package org.jallocator.diagnostics;

/**
 * The live blocks that one site allocated.
 *
 * @param site where they were allocated
 * @param blocks how many there are; if blocks are sampled, an unbiased estimate
 * @param bytes their bytes, as asked for; if blocks are sampled, an unbiased estimate
 * @param sampledBlocks how many of them were seen: {@code blocks} if all are
 * @param oldestMillis the age of the oldest that was seen, in milliseconds
 * @param thread the thread that allocated the oldest
 */
public record SiteTotal(
    Site site, long blocks, long bytes, long sampledBlocks, long oldestMillis, String thread) {}
