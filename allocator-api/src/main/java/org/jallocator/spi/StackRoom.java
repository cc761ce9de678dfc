package org.jallocator.spi;

/**
 * Makes sure, before a call changes anything, that the thread's stack has room for all of it. A
 * {@link StackOverflowError} then comes before the first change, and none comes after it.
 *
 * <p>HotSpot checks the stack at the entry of a method, compiled or not, for the frames that the
 * interpreter would need if it had to go on there, those of inlined methods included ({@code
 * Compile::bang_size_in_bytes}). A frame of the interpreter has a slot for every local variable. So
 * a call of a method with many local variables, none of them ever used, checks for as many bytes,
 * at next to no price. On a virtual machine that does not check in this way, nothing is gained and
 * nothing is lost.
 *
 * <p>If the compiler inlines a check, HotSpot makes it at the entry of a caller, which may be a
 * method of a layer above that has made sure of room already, and has changed something. So only
 * the two smaller checks can be inlined, which hot paths make. The others are longer than what the
 * compiler inlines ({@code FreqInlineSize}, 325 bytes of code): whoever asks for more than {@link
 * #requireForInner} has room for what others have inlined.
 *
 * <p>Shared, never blocks.
 */
@SuppressWarnings("ThreadPriorityCheck") // no thread yields: see never
public final class StackRoom {

  /**
   * False; not final, or the compiler would drop the branches that it guards, and the frames. They
   * call a method of C: a method without a call is not checked, and one of ours would be inlined,
   * with all of its variables.
   */
  private static boolean never;

  static {
    Failures.rethrow(null); // is loaded now: at the end of a stack that fails
  }

  private StackRoom() {}

  /**
   * Returns if a call that changes several things has room: 4 KiB, some forty frames of the
   * interpreter.
   *
   * @throws StackOverflowError if it has not
   */
  @SuppressWarnings("UnusedVariable")
  public static void require() {
    // spotless:off
    long l0, l1, l2, l3, l4, l5, l6, l7, l8, l9, la, lb, lc, ld, le, lf, l10, l11, l12, l13, l14,
        l15, l16, l17, l18, l19, l1a, l1b, l1c, l1d, l1e, l1f, l20, l21, l22, l23, l24, l25, l26,
        l27, l28, l29, l2a, l2b, l2c, l2d, l2e, l2f, l30, l31, l32, l33, l34, l35, l36, l37, l38,
        l39, l3a, l3b, l3c, l3d, l3e, l3f, l40, l41, l42, l43, l44, l45, l46, l47, l48, l49, l4a,
        l4b, l4c, l4d, l4e, l4f, l50, l51, l52, l53, l54, l55, l56, l57, l58, l59, l5a, l5b, l5c,
        l5d, l5e, l5f, l60, l61, l62, l63, l64, l65, l66, l67, l68, l69, l6a, l6b, l6c, l6d, l6e,
        l6f, l70, l71, l72, l73, l74, l75, l76, l77, l78, l79, l7a, l7b, l7c, l7d, l7e, l7f, l80,
        l81, l82, l83, l84, l85, l86, l87, l88, l89, l8a, l8b, l8c, l8d, l8e, l8f, l90, l91, l92,
        l93, l94, l95, l96, l97, l98, l99, l9a, l9b, l9c, l9d, l9e, l9f, la0, la1, la2, la3, la4,
        la5, la6, la7, la8, la9, laa, lab, lac, lad, lae, laf, lb0, lb1, lb2, lb3, lb4, lb5, lb6,
        lb7, lb8, lb9, lba, lbb, lbc, lbd, lbe, lbf, lc0, lc1, lc2, lc3, lc4, lc5, lc6, lc7, lc8,
        lc9, lca, lcb, lcc, lcd, lce, lcf, ld0, ld1, ld2, ld3, ld4, ld5, ld6, ld7, ld8, ld9, lda,
        ldb, ldc, ldd, lde, ldf, le0, le1, le2, le3, le4, le5, le6, le7, le8, le9, lea, leb, lec,
        led, lee, lef, lf0, lf1, lf2, lf3, lf4, lf5, lf6, lf7, lf8, lf9, lfa, lfb, lfc, lfd, lfe,
        lff;
    // spotless:on
    if (never) {
      Thread.yield();
    }
  }

  /**
   * Returns if a call of the inner has room. Twice as much as {@link #require} asks for, so that an
   * inner that calls it passes its own check.
   *
   * @throws StackOverflowError if it has not
   */
  @SuppressWarnings("UnusedVariable")
  public static void requireForInner() {
    // spotless:off
    long l0, l1, l2, l3, l4, l5, l6, l7, l8, l9, la, lb, lc, ld, le, lf, l10, l11, l12, l13, l14,
        l15, l16, l17, l18, l19, l1a, l1b, l1c, l1d, l1e, l1f, l20, l21, l22, l23, l24, l25, l26,
        l27, l28, l29, l2a, l2b, l2c, l2d, l2e, l2f, l30, l31, l32, l33, l34, l35, l36, l37, l38,
        l39, l3a, l3b, l3c, l3d, l3e, l3f, l40, l41, l42, l43, l44, l45, l46, l47, l48, l49, l4a,
        l4b, l4c, l4d, l4e, l4f, l50, l51, l52, l53, l54, l55, l56, l57, l58, l59, l5a, l5b, l5c,
        l5d, l5e, l5f, l60, l61, l62, l63, l64, l65, l66, l67, l68, l69, l6a, l6b, l6c, l6d, l6e,
        l6f, l70, l71, l72, l73, l74, l75, l76, l77, l78, l79, l7a, l7b, l7c, l7d, l7e, l7f, l80,
        l81, l82, l83, l84, l85, l86, l87, l88, l89, l8a, l8b, l8c, l8d, l8e, l8f, l90, l91, l92,
        l93, l94, l95, l96, l97, l98, l99, l9a, l9b, l9c, l9d, l9e, l9f, la0, la1, la2, la3, la4,
        la5, la6, la7, la8, la9, laa, lab, lac, lad, lae, laf, lb0, lb1, lb2, lb3, lb4, lb5, lb6,
        lb7, lb8, lb9, lba, lbb, lbc, lbd, lbe, lbf, lc0, lc1, lc2, lc3, lc4, lc5, lc6, lc7, lc8,
        lc9, lca, lcb, lcc, lcd, lce, lcf, ld0, ld1, ld2, ld3, ld4, ld5, ld6, ld7, ld8, ld9, lda,
        ldb, ldc, ldd, lde, ldf, le0, le1, le2, le3, le4, le5, le6, le7, le8, le9, lea, leb, lec,
        led, lee, lef, lf0, lf1, lf2, lf3, lf4, lf5, lf6, lf7, lf8, lf9, lfa, lfb, lfc, lfd, lfe,
        lff, l100, l101, l102, l103, l104, l105, l106, l107, l108, l109, l10a, l10b, l10c, l10d,
        l10e, l10f, l110, l111, l112, l113, l114, l115, l116, l117, l118, l119, l11a, l11b, l11c,
        l11d, l11e, l11f, l120, l121, l122, l123, l124, l125, l126, l127, l128, l129, l12a, l12b,
        l12c, l12d, l12e, l12f, l130, l131, l132, l133, l134, l135, l136, l137, l138, l139, l13a,
        l13b, l13c, l13d, l13e, l13f, l140, l141, l142, l143, l144, l145, l146, l147, l148, l149,
        l14a, l14b, l14c, l14d, l14e, l14f, l150, l151, l152, l153, l154, l155, l156, l157, l158,
        l159, l15a, l15b, l15c, l15d, l15e, l15f, l160, l161, l162, l163, l164, l165, l166, l167,
        l168, l169, l16a, l16b, l16c, l16d, l16e, l16f, l170, l171, l172, l173, l174, l175, l176,
        l177, l178, l179, l17a, l17b, l17c, l17d, l17e, l17f, l180, l181, l182, l183, l184, l185,
        l186, l187, l188, l189, l18a, l18b, l18c, l18d, l18e, l18f, l190, l191, l192, l193, l194,
        l195, l196, l197, l198, l199, l19a, l19b, l19c, l19d, l19e, l19f, l1a0, l1a1, l1a2, l1a3,
        l1a4, l1a5, l1a6, l1a7, l1a8, l1a9, l1aa, l1ab, l1ac, l1ad, l1ae, l1af, l1b0, l1b1, l1b2,
        l1b3, l1b4, l1b5, l1b6, l1b7, l1b8, l1b9, l1ba, l1bb, l1bc, l1bd, l1be, l1bf, l1c0, l1c1,
        l1c2, l1c3, l1c4, l1c5, l1c6, l1c7, l1c8, l1c9, l1ca, l1cb, l1cc, l1cd, l1ce, l1cf, l1d0,
        l1d1, l1d2, l1d3, l1d4, l1d5, l1d6, l1d7, l1d8, l1d9, l1da, l1db, l1dc, l1dd, l1de, l1df,
        l1e0, l1e1, l1e2, l1e3, l1e4, l1e5, l1e6, l1e7, l1e8, l1e9, l1ea, l1eb, l1ec, l1ed, l1ee,
        l1ef, l1f0, l1f1, l1f2, l1f3, l1f4, l1f5, l1f6, l1f7, l1f8, l1f9, l1fa, l1fb, l1fc, l1fd,
        l1fe, l1ff;
    // spotless:on
    if (never) {
      Thread.yield();
    }
  }

  /**
   * Returns if a call has room of an inner that stands on others itself: twice as much as {@link
   * #requireForInner} asks for, so that layers below that call that one pass their own checks. For
   * a layer that is put on top of a whole stack.
   *
   * @throws StackOverflowError if it has not
   */
  @SuppressWarnings("UnusedVariable")
  public static void requireForStack() {
    // spotless:off
    long l0, l1, l2, l3, l4, l5, l6, l7, l8, l9, la, lb, lc, ld, le, lf, l10, l11, l12, l13, l14,
        l15, l16, l17, l18, l19, l1a, l1b, l1c, l1d, l1e, l1f, l20, l21, l22, l23, l24, l25, l26,
        l27, l28, l29, l2a, l2b, l2c, l2d, l2e, l2f, l30, l31, l32, l33, l34, l35, l36, l37, l38,
        l39, l3a, l3b, l3c, l3d, l3e, l3f, l40, l41, l42, l43, l44, l45, l46, l47, l48, l49, l4a,
        l4b, l4c, l4d, l4e, l4f, l50, l51, l52, l53, l54, l55, l56, l57, l58, l59, l5a, l5b, l5c,
        l5d, l5e, l5f, l60, l61, l62, l63, l64, l65, l66, l67, l68, l69, l6a, l6b, l6c, l6d, l6e,
        l6f, l70, l71, l72, l73, l74, l75, l76, l77, l78, l79, l7a, l7b, l7c, l7d, l7e, l7f, l80,
        l81, l82, l83, l84, l85, l86, l87, l88, l89, l8a, l8b, l8c, l8d, l8e, l8f, l90, l91, l92,
        l93, l94, l95, l96, l97, l98, l99, l9a, l9b, l9c, l9d, l9e, l9f, la0, la1, la2, la3, la4,
        la5, la6, la7, la8, la9, laa, lab, lac, lad, lae, laf, lb0, lb1, lb2, lb3, lb4, lb5, lb6,
        lb7, lb8, lb9, lba, lbb, lbc, lbd, lbe, lbf, lc0, lc1, lc2, lc3, lc4, lc5, lc6, lc7, lc8,
        lc9, lca, lcb, lcc, lcd, lce, lcf, ld0, ld1, ld2, ld3, ld4, ld5, ld6, ld7, ld8, ld9, lda,
        ldb, ldc, ldd, lde, ldf, le0, le1, le2, le3, le4, le5, le6, le7, le8, le9, lea, leb, lec,
        led, lee, lef, lf0, lf1, lf2, lf3, lf4, lf5, lf6, lf7, lf8, lf9, lfa, lfb, lfc, lfd, lfe,
        lff, l100, l101, l102, l103, l104, l105, l106, l107, l108, l109, l10a, l10b, l10c, l10d,
        l10e, l10f, l110, l111, l112, l113, l114, l115, l116, l117, l118, l119, l11a, l11b, l11c,
        l11d, l11e, l11f, l120, l121, l122, l123, l124, l125, l126, l127, l128, l129, l12a, l12b,
        l12c, l12d, l12e, l12f, l130, l131, l132, l133, l134, l135, l136, l137, l138, l139, l13a,
        l13b, l13c, l13d, l13e, l13f, l140, l141, l142, l143, l144, l145, l146, l147, l148, l149,
        l14a, l14b, l14c, l14d, l14e, l14f, l150, l151, l152, l153, l154, l155, l156, l157, l158,
        l159, l15a, l15b, l15c, l15d, l15e, l15f, l160, l161, l162, l163, l164, l165, l166, l167,
        l168, l169, l16a, l16b, l16c, l16d, l16e, l16f, l170, l171, l172, l173, l174, l175, l176,
        l177, l178, l179, l17a, l17b, l17c, l17d, l17e, l17f, l180, l181, l182, l183, l184, l185,
        l186, l187, l188, l189, l18a, l18b, l18c, l18d, l18e, l18f, l190, l191, l192, l193, l194,
        l195, l196, l197, l198, l199, l19a, l19b, l19c, l19d, l19e, l19f, l1a0, l1a1, l1a2, l1a3,
        l1a4, l1a5, l1a6, l1a7, l1a8, l1a9, l1aa, l1ab, l1ac, l1ad, l1ae, l1af, l1b0, l1b1, l1b2,
        l1b3, l1b4, l1b5, l1b6, l1b7, l1b8, l1b9, l1ba, l1bb, l1bc, l1bd, l1be, l1bf, l1c0, l1c1,
        l1c2, l1c3, l1c4, l1c5, l1c6, l1c7, l1c8, l1c9, l1ca, l1cb, l1cc, l1cd, l1ce, l1cf, l1d0,
        l1d1, l1d2, l1d3, l1d4, l1d5, l1d6, l1d7, l1d8, l1d9, l1da, l1db, l1dc, l1dd, l1de, l1df,
        l1e0, l1e1, l1e2, l1e3, l1e4, l1e5, l1e6, l1e7, l1e8, l1e9, l1ea, l1eb, l1ec, l1ed, l1ee,
        l1ef, l1f0, l1f1, l1f2, l1f3, l1f4, l1f5, l1f6, l1f7, l1f8, l1f9, l1fa, l1fb, l1fc, l1fd,
        l1fe, l1ff, l200, l201, l202, l203, l204, l205, l206, l207, l208, l209, l20a, l20b, l20c,
        l20d, l20e, l20f, l210, l211, l212, l213, l214, l215, l216, l217, l218, l219, l21a, l21b,
        l21c, l21d, l21e, l21f, l220, l221, l222, l223, l224, l225, l226, l227, l228, l229, l22a,
        l22b, l22c, l22d, l22e, l22f, l230, l231, l232, l233, l234, l235, l236, l237, l238, l239,
        l23a, l23b, l23c, l23d, l23e, l23f, l240, l241, l242, l243, l244, l245, l246, l247, l248,
        l249, l24a, l24b, l24c, l24d, l24e, l24f, l250, l251, l252, l253, l254, l255, l256, l257,
        l258, l259, l25a, l25b, l25c, l25d, l25e, l25f, l260, l261, l262, l263, l264, l265, l266,
        l267, l268, l269, l26a, l26b, l26c, l26d, l26e, l26f, l270, l271, l272, l273, l274, l275,
        l276, l277, l278, l279, l27a, l27b, l27c, l27d, l27e, l27f, l280, l281, l282, l283, l284,
        l285, l286, l287, l288, l289, l28a, l28b, l28c, l28d, l28e, l28f, l290, l291, l292, l293,
        l294, l295, l296, l297, l298, l299, l29a, l29b, l29c, l29d, l29e, l29f, l2a0, l2a1, l2a2,
        l2a3, l2a4, l2a5, l2a6, l2a7, l2a8, l2a9, l2aa, l2ab, l2ac, l2ad, l2ae, l2af, l2b0, l2b1,
        l2b2, l2b3, l2b4, l2b5, l2b6, l2b7, l2b8, l2b9, l2ba, l2bb, l2bc, l2bd, l2be, l2bf, l2c0,
        l2c1, l2c2, l2c3, l2c4, l2c5, l2c6, l2c7, l2c8, l2c9, l2ca, l2cb, l2cc, l2cd, l2ce, l2cf,
        l2d0, l2d1, l2d2, l2d3, l2d4, l2d5, l2d6, l2d7, l2d8, l2d9, l2da, l2db, l2dc, l2dd, l2de,
        l2df, l2e0, l2e1, l2e2, l2e3, l2e4, l2e5, l2e6, l2e7, l2e8, l2e9, l2ea, l2eb, l2ec, l2ed,
        l2ee, l2ef, l2f0, l2f1, l2f2, l2f3, l2f4, l2f5, l2f6, l2f7, l2f8, l2f9, l2fa, l2fb, l2fc,
        l2fd, l2fe, l2ff, l300, l301, l302, l303, l304, l305, l306, l307, l308, l309, l30a, l30b,
        l30c, l30d, l30e, l30f, l310, l311, l312, l313, l314, l315, l316, l317, l318, l319, l31a,
        l31b, l31c, l31d, l31e, l31f, l320, l321, l322, l323, l324, l325, l326, l327, l328, l329,
        l32a, l32b, l32c, l32d, l32e, l32f, l330, l331, l332, l333, l334, l335, l336, l337, l338,
        l339, l33a, l33b, l33c, l33d, l33e, l33f, l340, l341, l342, l343, l344, l345, l346, l347,
        l348, l349, l34a, l34b, l34c, l34d, l34e, l34f, l350, l351, l352, l353, l354, l355, l356,
        l357, l358, l359, l35a, l35b, l35c, l35d, l35e, l35f, l360, l361, l362, l363, l364, l365,
        l366, l367, l368, l369, l36a, l36b, l36c, l36d, l36e, l36f, l370, l371, l372, l373, l374,
        l375, l376, l377, l378, l379, l37a, l37b, l37c, l37d, l37e, l37f, l380, l381, l382, l383,
        l384, l385, l386, l387, l388, l389, l38a, l38b, l38c, l38d, l38e, l38f, l390, l391, l392,
        l393, l394, l395, l396, l397, l398, l399, l39a, l39b, l39c, l39d, l39e, l39f, l3a0, l3a1,
        l3a2, l3a3, l3a4, l3a5, l3a6, l3a7, l3a8, l3a9, l3aa, l3ab, l3ac, l3ad, l3ae, l3af, l3b0,
        l3b1, l3b2, l3b3, l3b4, l3b5, l3b6, l3b7, l3b8, l3b9, l3ba, l3bb, l3bc, l3bd, l3be, l3bf,
        l3c0, l3c1, l3c2, l3c3, l3c4, l3c5, l3c6, l3c7, l3c8, l3c9, l3ca, l3cb, l3cc, l3cd, l3ce,
        l3cf, l3d0, l3d1, l3d2, l3d3, l3d4, l3d5, l3d6, l3d7, l3d8, l3d9, l3da, l3db, l3dc, l3dd,
        l3de, l3df, l3e0, l3e1, l3e2, l3e3, l3e4, l3e5, l3e6, l3e7, l3e8, l3e9, l3ea, l3eb, l3ec,
        l3ed, l3ee, l3ef, l3f0, l3f1, l3f2, l3f3, l3f4, l3f5, l3f6, l3f7, l3f8, l3f9, l3fa, l3fb,
        l3fc, l3fd, l3fe, l3ff;
    if (never) {
      l0 = 0; l1 = 0; l2 = 0; l3 = 0; l4 = 0; l5 = 0; l6 = 0; l7 = 0; l8 = 0; l9 = 0; la = 0;
      lb = 0; lc = 0; ld = 0; le = 0; lf = 0; l10 = 0; l11 = 0; l12 = 0; l13 = 0; l14 = 0; l15 = 0;
      l16 = 0; l17 = 0; l18 = 0; l19 = 0; l1a = 0; l1b = 0; l1c = 0; l1d = 0; l1e = 0; l1f = 0;
      l20 = 0; l21 = 0; l22 = 0; l23 = 0; l24 = 0; l25 = 0; l26 = 0; l27 = 0; l28 = 0; l29 = 0;
      l2a = 0; l2b = 0; l2c = 0; l2d = 0; l2e = 0; l2f = 0; l30 = 0; l31 = 0; l32 = 0; l33 = 0;
      l34 = 0; l35 = 0; l36 = 0; l37 = 0; l38 = 0; l39 = 0; l3a = 0; l3b = 0; l3c = 0; l3d = 0;
      l3e = 0; l3f = 0; l40 = 0; l41 = 0; l42 = 0; l43 = 0; l44 = 0; l45 = 0; l46 = 0; l47 = 0;
      l48 = 0; l49 = 0; l4a = 0; l4b = 0; l4c = 0; l4d = 0; l4e = 0; l4f = 0; l50 = 0; l51 = 0;
      l52 = 0; l53 = 0; l54 = 0; l55 = 0; l56 = 0; l57 = 0; l58 = 0; l59 = 0; l5a = 0; l5b = 0;
      l5c = 0; l5d = 0; l5e = 0; l5f = 0; l60 = 0; l61 = 0; l62 = 0; l63 = 0; l64 = 0; l65 = 0;
      l66 = 0; l67 = 0; l68 = 0; l69 = 0; l6a = 0; l6b = 0; l6c = 0; l6d = 0; l6e = 0; l6f = 0;
      Thread.yield();
    }
    // spotless:on
  }

  /**
   * Returns if a call has room of an allocator that may make sure of it itself, as {@link
   * #requireForStack} does in deeper frames: 4 KiB more than that asks for. For what keeps blocks
   * of a whole stack: before a block is freed, and before one is taken that nobody could free if a
   * later call overflowed. One method, because the compiler adds up what two ask for only if it
   * inlines them.
   *
   * @throws StackOverflowError if it has not
   */
  @SuppressWarnings("UnusedVariable")
  public static void requireAboveStack() {
    // spotless:off
    long l0, l1, l2, l3, l4, l5, l6, l7, l8, l9, la, lb, lc, ld, le, lf, l10, l11, l12, l13, l14,
        l15, l16, l17, l18, l19, l1a, l1b, l1c, l1d, l1e, l1f, l20, l21, l22, l23, l24, l25, l26,
        l27, l28, l29, l2a, l2b, l2c, l2d, l2e, l2f, l30, l31, l32, l33, l34, l35, l36, l37, l38,
        l39, l3a, l3b, l3c, l3d, l3e, l3f, l40, l41, l42, l43, l44, l45, l46, l47, l48, l49, l4a,
        l4b, l4c, l4d, l4e, l4f, l50, l51, l52, l53, l54, l55, l56, l57, l58, l59, l5a, l5b, l5c,
        l5d, l5e, l5f, l60, l61, l62, l63, l64, l65, l66, l67, l68, l69, l6a, l6b, l6c, l6d, l6e,
        l6f, l70, l71, l72, l73, l74, l75, l76, l77, l78, l79, l7a, l7b, l7c, l7d, l7e, l7f, l80,
        l81, l82, l83, l84, l85, l86, l87, l88, l89, l8a, l8b, l8c, l8d, l8e, l8f, l90, l91, l92,
        l93, l94, l95, l96, l97, l98, l99, l9a, l9b, l9c, l9d, l9e, l9f, la0, la1, la2, la3, la4,
        la5, la6, la7, la8, la9, laa, lab, lac, lad, lae, laf, lb0, lb1, lb2, lb3, lb4, lb5, lb6,
        lb7, lb8, lb9, lba, lbb, lbc, lbd, lbe, lbf, lc0, lc1, lc2, lc3, lc4, lc5, lc6, lc7, lc8,
        lc9, lca, lcb, lcc, lcd, lce, lcf, ld0, ld1, ld2, ld3, ld4, ld5, ld6, ld7, ld8, ld9, lda,
        ldb, ldc, ldd, lde, ldf, le0, le1, le2, le3, le4, le5, le6, le7, le8, le9, lea, leb, lec,
        led, lee, lef, lf0, lf1, lf2, lf3, lf4, lf5, lf6, lf7, lf8, lf9, lfa, lfb, lfc, lfd, lfe,
        lff, l100, l101, l102, l103, l104, l105, l106, l107, l108, l109, l10a, l10b, l10c, l10d,
        l10e, l10f, l110, l111, l112, l113, l114, l115, l116, l117, l118, l119, l11a, l11b, l11c,
        l11d, l11e, l11f, l120, l121, l122, l123, l124, l125, l126, l127, l128, l129, l12a, l12b,
        l12c, l12d, l12e, l12f, l130, l131, l132, l133, l134, l135, l136, l137, l138, l139, l13a,
        l13b, l13c, l13d, l13e, l13f, l140, l141, l142, l143, l144, l145, l146, l147, l148, l149,
        l14a, l14b, l14c, l14d, l14e, l14f, l150, l151, l152, l153, l154, l155, l156, l157, l158,
        l159, l15a, l15b, l15c, l15d, l15e, l15f, l160, l161, l162, l163, l164, l165, l166, l167,
        l168, l169, l16a, l16b, l16c, l16d, l16e, l16f, l170, l171, l172, l173, l174, l175, l176,
        l177, l178, l179, l17a, l17b, l17c, l17d, l17e, l17f, l180, l181, l182, l183, l184, l185,
        l186, l187, l188, l189, l18a, l18b, l18c, l18d, l18e, l18f, l190, l191, l192, l193, l194,
        l195, l196, l197, l198, l199, l19a, l19b, l19c, l19d, l19e, l19f, l1a0, l1a1, l1a2, l1a3,
        l1a4, l1a5, l1a6, l1a7, l1a8, l1a9, l1aa, l1ab, l1ac, l1ad, l1ae, l1af, l1b0, l1b1, l1b2,
        l1b3, l1b4, l1b5, l1b6, l1b7, l1b8, l1b9, l1ba, l1bb, l1bc, l1bd, l1be, l1bf, l1c0, l1c1,
        l1c2, l1c3, l1c4, l1c5, l1c6, l1c7, l1c8, l1c9, l1ca, l1cb, l1cc, l1cd, l1ce, l1cf, l1d0,
        l1d1, l1d2, l1d3, l1d4, l1d5, l1d6, l1d7, l1d8, l1d9, l1da, l1db, l1dc, l1dd, l1de, l1df,
        l1e0, l1e1, l1e2, l1e3, l1e4, l1e5, l1e6, l1e7, l1e8, l1e9, l1ea, l1eb, l1ec, l1ed, l1ee,
        l1ef, l1f0, l1f1, l1f2, l1f3, l1f4, l1f5, l1f6, l1f7, l1f8, l1f9, l1fa, l1fb, l1fc, l1fd,
        l1fe, l1ff, l200, l201, l202, l203, l204, l205, l206, l207, l208, l209, l20a, l20b, l20c,
        l20d, l20e, l20f, l210, l211, l212, l213, l214, l215, l216, l217, l218, l219, l21a, l21b,
        l21c, l21d, l21e, l21f, l220, l221, l222, l223, l224, l225, l226, l227, l228, l229, l22a,
        l22b, l22c, l22d, l22e, l22f, l230, l231, l232, l233, l234, l235, l236, l237, l238, l239,
        l23a, l23b, l23c, l23d, l23e, l23f, l240, l241, l242, l243, l244, l245, l246, l247, l248,
        l249, l24a, l24b, l24c, l24d, l24e, l24f, l250, l251, l252, l253, l254, l255, l256, l257,
        l258, l259, l25a, l25b, l25c, l25d, l25e, l25f, l260, l261, l262, l263, l264, l265, l266,
        l267, l268, l269, l26a, l26b, l26c, l26d, l26e, l26f, l270, l271, l272, l273, l274, l275,
        l276, l277, l278, l279, l27a, l27b, l27c, l27d, l27e, l27f, l280, l281, l282, l283, l284,
        l285, l286, l287, l288, l289, l28a, l28b, l28c, l28d, l28e, l28f, l290, l291, l292, l293,
        l294, l295, l296, l297, l298, l299, l29a, l29b, l29c, l29d, l29e, l29f, l2a0, l2a1, l2a2,
        l2a3, l2a4, l2a5, l2a6, l2a7, l2a8, l2a9, l2aa, l2ab, l2ac, l2ad, l2ae, l2af, l2b0, l2b1,
        l2b2, l2b3, l2b4, l2b5, l2b6, l2b7, l2b8, l2b9, l2ba, l2bb, l2bc, l2bd, l2be, l2bf, l2c0,
        l2c1, l2c2, l2c3, l2c4, l2c5, l2c6, l2c7, l2c8, l2c9, l2ca, l2cb, l2cc, l2cd, l2ce, l2cf,
        l2d0, l2d1, l2d2, l2d3, l2d4, l2d5, l2d6, l2d7, l2d8, l2d9, l2da, l2db, l2dc, l2dd, l2de,
        l2df, l2e0, l2e1, l2e2, l2e3, l2e4, l2e5, l2e6, l2e7, l2e8, l2e9, l2ea, l2eb, l2ec, l2ed,
        l2ee, l2ef, l2f0, l2f1, l2f2, l2f3, l2f4, l2f5, l2f6, l2f7, l2f8, l2f9, l2fa, l2fb, l2fc,
        l2fd, l2fe, l2ff, l300, l301, l302, l303, l304, l305, l306, l307, l308, l309, l30a, l30b,
        l30c, l30d, l30e, l30f, l310, l311, l312, l313, l314, l315, l316, l317, l318, l319, l31a,
        l31b, l31c, l31d, l31e, l31f, l320, l321, l322, l323, l324, l325, l326, l327, l328, l329,
        l32a, l32b, l32c, l32d, l32e, l32f, l330, l331, l332, l333, l334, l335, l336, l337, l338,
        l339, l33a, l33b, l33c, l33d, l33e, l33f, l340, l341, l342, l343, l344, l345, l346, l347,
        l348, l349, l34a, l34b, l34c, l34d, l34e, l34f, l350, l351, l352, l353, l354, l355, l356,
        l357, l358, l359, l35a, l35b, l35c, l35d, l35e, l35f, l360, l361, l362, l363, l364, l365,
        l366, l367, l368, l369, l36a, l36b, l36c, l36d, l36e, l36f, l370, l371, l372, l373, l374,
        l375, l376, l377, l378, l379, l37a, l37b, l37c, l37d, l37e, l37f, l380, l381, l382, l383,
        l384, l385, l386, l387, l388, l389, l38a, l38b, l38c, l38d, l38e, l38f, l390, l391, l392,
        l393, l394, l395, l396, l397, l398, l399, l39a, l39b, l39c, l39d, l39e, l39f, l3a0, l3a1,
        l3a2, l3a3, l3a4, l3a5, l3a6, l3a7, l3a8, l3a9, l3aa, l3ab, l3ac, l3ad, l3ae, l3af, l3b0,
        l3b1, l3b2, l3b3, l3b4, l3b5, l3b6, l3b7, l3b8, l3b9, l3ba, l3bb, l3bc, l3bd, l3be, l3bf,
        l3c0, l3c1, l3c2, l3c3, l3c4, l3c5, l3c6, l3c7, l3c8, l3c9, l3ca, l3cb, l3cc, l3cd, l3ce,
        l3cf, l3d0, l3d1, l3d2, l3d3, l3d4, l3d5, l3d6, l3d7, l3d8, l3d9, l3da, l3db, l3dc, l3dd,
        l3de, l3df, l3e0, l3e1, l3e2, l3e3, l3e4, l3e5, l3e6, l3e7, l3e8, l3e9, l3ea, l3eb, l3ec,
        l3ed, l3ee, l3ef, l3f0, l3f1, l3f2, l3f3, l3f4, l3f5, l3f6, l3f7, l3f8, l3f9, l3fa, l3fb,
        l3fc, l3fd, l3fe, l3ff, l400, l401, l402, l403, l404, l405, l406, l407, l408, l409, l40a,
        l40b, l40c, l40d, l40e, l40f, l410, l411, l412, l413, l414, l415, l416, l417, l418, l419,
        l41a, l41b, l41c, l41d, l41e, l41f, l420, l421, l422, l423, l424, l425, l426, l427, l428,
        l429, l42a, l42b, l42c, l42d, l42e, l42f, l430, l431, l432, l433, l434, l435, l436, l437,
        l438, l439, l43a, l43b, l43c, l43d, l43e, l43f, l440, l441, l442, l443, l444, l445, l446,
        l447, l448, l449, l44a, l44b, l44c, l44d, l44e, l44f, l450, l451, l452, l453, l454, l455,
        l456, l457, l458, l459, l45a, l45b, l45c, l45d, l45e, l45f, l460, l461, l462, l463, l464,
        l465, l466, l467, l468, l469, l46a, l46b, l46c, l46d, l46e, l46f, l470, l471, l472, l473,
        l474, l475, l476, l477, l478, l479, l47a, l47b, l47c, l47d, l47e, l47f, l480, l481, l482,
        l483, l484, l485, l486, l487, l488, l489, l48a, l48b, l48c, l48d, l48e, l48f, l490, l491,
        l492, l493, l494, l495, l496, l497, l498, l499, l49a, l49b, l49c, l49d, l49e, l49f, l4a0,
        l4a1, l4a2, l4a3, l4a4, l4a5, l4a6, l4a7, l4a8, l4a9, l4aa, l4ab, l4ac, l4ad, l4ae, l4af,
        l4b0, l4b1, l4b2, l4b3, l4b4, l4b5, l4b6, l4b7, l4b8, l4b9, l4ba, l4bb, l4bc, l4bd, l4be,
        l4bf, l4c0, l4c1, l4c2, l4c3, l4c4, l4c5, l4c6, l4c7, l4c8, l4c9, l4ca, l4cb, l4cc, l4cd,
        l4ce, l4cf, l4d0, l4d1, l4d2, l4d3, l4d4, l4d5, l4d6, l4d7, l4d8, l4d9, l4da, l4db, l4dc,
        l4dd, l4de, l4df, l4e0, l4e1, l4e2, l4e3, l4e4, l4e5, l4e6, l4e7, l4e8, l4e9, l4ea, l4eb,
        l4ec, l4ed, l4ee, l4ef, l4f0, l4f1, l4f2, l4f3, l4f4, l4f5, l4f6, l4f7, l4f8, l4f9, l4fa,
        l4fb, l4fc, l4fd, l4fe, l4ff;
    if (never) {
      l0 = 0; l1 = 0; l2 = 0; l3 = 0; l4 = 0; l5 = 0; l6 = 0; l7 = 0; l8 = 0; l9 = 0; la = 0;
      lb = 0; lc = 0; ld = 0; le = 0; lf = 0; l10 = 0; l11 = 0; l12 = 0; l13 = 0; l14 = 0; l15 = 0;
      l16 = 0; l17 = 0; l18 = 0; l19 = 0; l1a = 0; l1b = 0; l1c = 0; l1d = 0; l1e = 0; l1f = 0;
      l20 = 0; l21 = 0; l22 = 0; l23 = 0; l24 = 0; l25 = 0; l26 = 0; l27 = 0; l28 = 0; l29 = 0;
      l2a = 0; l2b = 0; l2c = 0; l2d = 0; l2e = 0; l2f = 0; l30 = 0; l31 = 0; l32 = 0; l33 = 0;
      l34 = 0; l35 = 0; l36 = 0; l37 = 0; l38 = 0; l39 = 0; l3a = 0; l3b = 0; l3c = 0; l3d = 0;
      l3e = 0; l3f = 0; l40 = 0; l41 = 0; l42 = 0; l43 = 0; l44 = 0; l45 = 0; l46 = 0; l47 = 0;
      l48 = 0; l49 = 0; l4a = 0; l4b = 0; l4c = 0; l4d = 0; l4e = 0; l4f = 0; l50 = 0; l51 = 0;
      l52 = 0; l53 = 0; l54 = 0; l55 = 0; l56 = 0; l57 = 0; l58 = 0; l59 = 0; l5a = 0; l5b = 0;
      l5c = 0; l5d = 0; l5e = 0; l5f = 0; l60 = 0; l61 = 0; l62 = 0; l63 = 0; l64 = 0; l65 = 0;
      l66 = 0; l67 = 0; l68 = 0; l69 = 0; l6a = 0; l6b = 0; l6c = 0; l6d = 0; l6e = 0; l6f = 0;
      Thread.yield();
    }
    // spotless:on
  }

  /**
   * Returns if a call has room that closes all layers of a stack, each of which may ask for as much
   * as {@link #requireAboveStack} does, in deeper frames: 4 KiB more than that asks for.
   *
   * @throws StackOverflowError if it has not
   */
  @SuppressWarnings("UnusedVariable")
  public static void requireToClose() {
    // spotless:off
    long l0, l1, l2, l3, l4, l5, l6, l7, l8, l9, la, lb, lc, ld, le, lf, l10, l11, l12, l13, l14,
        l15, l16, l17, l18, l19, l1a, l1b, l1c, l1d, l1e, l1f, l20, l21, l22, l23, l24, l25, l26,
        l27, l28, l29, l2a, l2b, l2c, l2d, l2e, l2f, l30, l31, l32, l33, l34, l35, l36, l37, l38,
        l39, l3a, l3b, l3c, l3d, l3e, l3f, l40, l41, l42, l43, l44, l45, l46, l47, l48, l49, l4a,
        l4b, l4c, l4d, l4e, l4f, l50, l51, l52, l53, l54, l55, l56, l57, l58, l59, l5a, l5b, l5c,
        l5d, l5e, l5f, l60, l61, l62, l63, l64, l65, l66, l67, l68, l69, l6a, l6b, l6c, l6d, l6e,
        l6f, l70, l71, l72, l73, l74, l75, l76, l77, l78, l79, l7a, l7b, l7c, l7d, l7e, l7f, l80,
        l81, l82, l83, l84, l85, l86, l87, l88, l89, l8a, l8b, l8c, l8d, l8e, l8f, l90, l91, l92,
        l93, l94, l95, l96, l97, l98, l99, l9a, l9b, l9c, l9d, l9e, l9f, la0, la1, la2, la3, la4,
        la5, la6, la7, la8, la9, laa, lab, lac, lad, lae, laf, lb0, lb1, lb2, lb3, lb4, lb5, lb6,
        lb7, lb8, lb9, lba, lbb, lbc, lbd, lbe, lbf, lc0, lc1, lc2, lc3, lc4, lc5, lc6, lc7, lc8,
        lc9, lca, lcb, lcc, lcd, lce, lcf, ld0, ld1, ld2, ld3, ld4, ld5, ld6, ld7, ld8, ld9, lda,
        ldb, ldc, ldd, lde, ldf, le0, le1, le2, le3, le4, le5, le6, le7, le8, le9, lea, leb, lec,
        led, lee, lef, lf0, lf1, lf2, lf3, lf4, lf5, lf6, lf7, lf8, lf9, lfa, lfb, lfc, lfd, lfe,
        lff, l100, l101, l102, l103, l104, l105, l106, l107, l108, l109, l10a, l10b, l10c, l10d,
        l10e, l10f, l110, l111, l112, l113, l114, l115, l116, l117, l118, l119, l11a, l11b, l11c,
        l11d, l11e, l11f, l120, l121, l122, l123, l124, l125, l126, l127, l128, l129, l12a, l12b,
        l12c, l12d, l12e, l12f, l130, l131, l132, l133, l134, l135, l136, l137, l138, l139, l13a,
        l13b, l13c, l13d, l13e, l13f, l140, l141, l142, l143, l144, l145, l146, l147, l148, l149,
        l14a, l14b, l14c, l14d, l14e, l14f, l150, l151, l152, l153, l154, l155, l156, l157, l158,
        l159, l15a, l15b, l15c, l15d, l15e, l15f, l160, l161, l162, l163, l164, l165, l166, l167,
        l168, l169, l16a, l16b, l16c, l16d, l16e, l16f, l170, l171, l172, l173, l174, l175, l176,
        l177, l178, l179, l17a, l17b, l17c, l17d, l17e, l17f, l180, l181, l182, l183, l184, l185,
        l186, l187, l188, l189, l18a, l18b, l18c, l18d, l18e, l18f, l190, l191, l192, l193, l194,
        l195, l196, l197, l198, l199, l19a, l19b, l19c, l19d, l19e, l19f, l1a0, l1a1, l1a2, l1a3,
        l1a4, l1a5, l1a6, l1a7, l1a8, l1a9, l1aa, l1ab, l1ac, l1ad, l1ae, l1af, l1b0, l1b1, l1b2,
        l1b3, l1b4, l1b5, l1b6, l1b7, l1b8, l1b9, l1ba, l1bb, l1bc, l1bd, l1be, l1bf, l1c0, l1c1,
        l1c2, l1c3, l1c4, l1c5, l1c6, l1c7, l1c8, l1c9, l1ca, l1cb, l1cc, l1cd, l1ce, l1cf, l1d0,
        l1d1, l1d2, l1d3, l1d4, l1d5, l1d6, l1d7, l1d8, l1d9, l1da, l1db, l1dc, l1dd, l1de, l1df,
        l1e0, l1e1, l1e2, l1e3, l1e4, l1e5, l1e6, l1e7, l1e8, l1e9, l1ea, l1eb, l1ec, l1ed, l1ee,
        l1ef, l1f0, l1f1, l1f2, l1f3, l1f4, l1f5, l1f6, l1f7, l1f8, l1f9, l1fa, l1fb, l1fc, l1fd,
        l1fe, l1ff, l200, l201, l202, l203, l204, l205, l206, l207, l208, l209, l20a, l20b, l20c,
        l20d, l20e, l20f, l210, l211, l212, l213, l214, l215, l216, l217, l218, l219, l21a, l21b,
        l21c, l21d, l21e, l21f, l220, l221, l222, l223, l224, l225, l226, l227, l228, l229, l22a,
        l22b, l22c, l22d, l22e, l22f, l230, l231, l232, l233, l234, l235, l236, l237, l238, l239,
        l23a, l23b, l23c, l23d, l23e, l23f, l240, l241, l242, l243, l244, l245, l246, l247, l248,
        l249, l24a, l24b, l24c, l24d, l24e, l24f, l250, l251, l252, l253, l254, l255, l256, l257,
        l258, l259, l25a, l25b, l25c, l25d, l25e, l25f, l260, l261, l262, l263, l264, l265, l266,
        l267, l268, l269, l26a, l26b, l26c, l26d, l26e, l26f, l270, l271, l272, l273, l274, l275,
        l276, l277, l278, l279, l27a, l27b, l27c, l27d, l27e, l27f, l280, l281, l282, l283, l284,
        l285, l286, l287, l288, l289, l28a, l28b, l28c, l28d, l28e, l28f, l290, l291, l292, l293,
        l294, l295, l296, l297, l298, l299, l29a, l29b, l29c, l29d, l29e, l29f, l2a0, l2a1, l2a2,
        l2a3, l2a4, l2a5, l2a6, l2a7, l2a8, l2a9, l2aa, l2ab, l2ac, l2ad, l2ae, l2af, l2b0, l2b1,
        l2b2, l2b3, l2b4, l2b5, l2b6, l2b7, l2b8, l2b9, l2ba, l2bb, l2bc, l2bd, l2be, l2bf, l2c0,
        l2c1, l2c2, l2c3, l2c4, l2c5, l2c6, l2c7, l2c8, l2c9, l2ca, l2cb, l2cc, l2cd, l2ce, l2cf,
        l2d0, l2d1, l2d2, l2d3, l2d4, l2d5, l2d6, l2d7, l2d8, l2d9, l2da, l2db, l2dc, l2dd, l2de,
        l2df, l2e0, l2e1, l2e2, l2e3, l2e4, l2e5, l2e6, l2e7, l2e8, l2e9, l2ea, l2eb, l2ec, l2ed,
        l2ee, l2ef, l2f0, l2f1, l2f2, l2f3, l2f4, l2f5, l2f6, l2f7, l2f8, l2f9, l2fa, l2fb, l2fc,
        l2fd, l2fe, l2ff, l300, l301, l302, l303, l304, l305, l306, l307, l308, l309, l30a, l30b,
        l30c, l30d, l30e, l30f, l310, l311, l312, l313, l314, l315, l316, l317, l318, l319, l31a,
        l31b, l31c, l31d, l31e, l31f, l320, l321, l322, l323, l324, l325, l326, l327, l328, l329,
        l32a, l32b, l32c, l32d, l32e, l32f, l330, l331, l332, l333, l334, l335, l336, l337, l338,
        l339, l33a, l33b, l33c, l33d, l33e, l33f, l340, l341, l342, l343, l344, l345, l346, l347,
        l348, l349, l34a, l34b, l34c, l34d, l34e, l34f, l350, l351, l352, l353, l354, l355, l356,
        l357, l358, l359, l35a, l35b, l35c, l35d, l35e, l35f, l360, l361, l362, l363, l364, l365,
        l366, l367, l368, l369, l36a, l36b, l36c, l36d, l36e, l36f, l370, l371, l372, l373, l374,
        l375, l376, l377, l378, l379, l37a, l37b, l37c, l37d, l37e, l37f, l380, l381, l382, l383,
        l384, l385, l386, l387, l388, l389, l38a, l38b, l38c, l38d, l38e, l38f, l390, l391, l392,
        l393, l394, l395, l396, l397, l398, l399, l39a, l39b, l39c, l39d, l39e, l39f, l3a0, l3a1,
        l3a2, l3a3, l3a4, l3a5, l3a6, l3a7, l3a8, l3a9, l3aa, l3ab, l3ac, l3ad, l3ae, l3af, l3b0,
        l3b1, l3b2, l3b3, l3b4, l3b5, l3b6, l3b7, l3b8, l3b9, l3ba, l3bb, l3bc, l3bd, l3be, l3bf,
        l3c0, l3c1, l3c2, l3c3, l3c4, l3c5, l3c6, l3c7, l3c8, l3c9, l3ca, l3cb, l3cc, l3cd, l3ce,
        l3cf, l3d0, l3d1, l3d2, l3d3, l3d4, l3d5, l3d6, l3d7, l3d8, l3d9, l3da, l3db, l3dc, l3dd,
        l3de, l3df, l3e0, l3e1, l3e2, l3e3, l3e4, l3e5, l3e6, l3e7, l3e8, l3e9, l3ea, l3eb, l3ec,
        l3ed, l3ee, l3ef, l3f0, l3f1, l3f2, l3f3, l3f4, l3f5, l3f6, l3f7, l3f8, l3f9, l3fa, l3fb,
        l3fc, l3fd, l3fe, l3ff, l400, l401, l402, l403, l404, l405, l406, l407, l408, l409, l40a,
        l40b, l40c, l40d, l40e, l40f, l410, l411, l412, l413, l414, l415, l416, l417, l418, l419,
        l41a, l41b, l41c, l41d, l41e, l41f, l420, l421, l422, l423, l424, l425, l426, l427, l428,
        l429, l42a, l42b, l42c, l42d, l42e, l42f, l430, l431, l432, l433, l434, l435, l436, l437,
        l438, l439, l43a, l43b, l43c, l43d, l43e, l43f, l440, l441, l442, l443, l444, l445, l446,
        l447, l448, l449, l44a, l44b, l44c, l44d, l44e, l44f, l450, l451, l452, l453, l454, l455,
        l456, l457, l458, l459, l45a, l45b, l45c, l45d, l45e, l45f, l460, l461, l462, l463, l464,
        l465, l466, l467, l468, l469, l46a, l46b, l46c, l46d, l46e, l46f, l470, l471, l472, l473,
        l474, l475, l476, l477, l478, l479, l47a, l47b, l47c, l47d, l47e, l47f, l480, l481, l482,
        l483, l484, l485, l486, l487, l488, l489, l48a, l48b, l48c, l48d, l48e, l48f, l490, l491,
        l492, l493, l494, l495, l496, l497, l498, l499, l49a, l49b, l49c, l49d, l49e, l49f, l4a0,
        l4a1, l4a2, l4a3, l4a4, l4a5, l4a6, l4a7, l4a8, l4a9, l4aa, l4ab, l4ac, l4ad, l4ae, l4af,
        l4b0, l4b1, l4b2, l4b3, l4b4, l4b5, l4b6, l4b7, l4b8, l4b9, l4ba, l4bb, l4bc, l4bd, l4be,
        l4bf, l4c0, l4c1, l4c2, l4c3, l4c4, l4c5, l4c6, l4c7, l4c8, l4c9, l4ca, l4cb, l4cc, l4cd,
        l4ce, l4cf, l4d0, l4d1, l4d2, l4d3, l4d4, l4d5, l4d6, l4d7, l4d8, l4d9, l4da, l4db, l4dc,
        l4dd, l4de, l4df, l4e0, l4e1, l4e2, l4e3, l4e4, l4e5, l4e6, l4e7, l4e8, l4e9, l4ea, l4eb,
        l4ec, l4ed, l4ee, l4ef, l4f0, l4f1, l4f2, l4f3, l4f4, l4f5, l4f6, l4f7, l4f8, l4f9, l4fa,
        l4fb, l4fc, l4fd, l4fe, l4ff, l500, l501, l502, l503, l504, l505, l506, l507, l508, l509,
        l50a, l50b, l50c, l50d, l50e, l50f, l510, l511, l512, l513, l514, l515, l516, l517, l518,
        l519, l51a, l51b, l51c, l51d, l51e, l51f, l520, l521, l522, l523, l524, l525, l526, l527,
        l528, l529, l52a, l52b, l52c, l52d, l52e, l52f, l530, l531, l532, l533, l534, l535, l536,
        l537, l538, l539, l53a, l53b, l53c, l53d, l53e, l53f, l540, l541, l542, l543, l544, l545,
        l546, l547, l548, l549, l54a, l54b, l54c, l54d, l54e, l54f, l550, l551, l552, l553, l554,
        l555, l556, l557, l558, l559, l55a, l55b, l55c, l55d, l55e, l55f, l560, l561, l562, l563,
        l564, l565, l566, l567, l568, l569, l56a, l56b, l56c, l56d, l56e, l56f, l570, l571, l572,
        l573, l574, l575, l576, l577, l578, l579, l57a, l57b, l57c, l57d, l57e, l57f, l580, l581,
        l582, l583, l584, l585, l586, l587, l588, l589, l58a, l58b, l58c, l58d, l58e, l58f, l590,
        l591, l592, l593, l594, l595, l596, l597, l598, l599, l59a, l59b, l59c, l59d, l59e, l59f,
        l5a0, l5a1, l5a2, l5a3, l5a4, l5a5, l5a6, l5a7, l5a8, l5a9, l5aa, l5ab, l5ac, l5ad, l5ae,
        l5af, l5b0, l5b1, l5b2, l5b3, l5b4, l5b5, l5b6, l5b7, l5b8, l5b9, l5ba, l5bb, l5bc, l5bd,
        l5be, l5bf, l5c0, l5c1, l5c2, l5c3, l5c4, l5c5, l5c6, l5c7, l5c8, l5c9, l5ca, l5cb, l5cc,
        l5cd, l5ce, l5cf, l5d0, l5d1, l5d2, l5d3, l5d4, l5d5, l5d6, l5d7, l5d8, l5d9, l5da, l5db,
        l5dc, l5dd, l5de, l5df, l5e0, l5e1, l5e2, l5e3, l5e4, l5e5, l5e6, l5e7, l5e8, l5e9, l5ea,
        l5eb, l5ec, l5ed, l5ee, l5ef, l5f0, l5f1, l5f2, l5f3, l5f4, l5f5, l5f6, l5f7, l5f8, l5f9,
        l5fa, l5fb, l5fc, l5fd, l5fe, l5ff;
    if (never) {
      l0 = 0; l1 = 0; l2 = 0; l3 = 0; l4 = 0; l5 = 0; l6 = 0; l7 = 0; l8 = 0; l9 = 0; la = 0;
      lb = 0; lc = 0; ld = 0; le = 0; lf = 0; l10 = 0; l11 = 0; l12 = 0; l13 = 0; l14 = 0; l15 = 0;
      l16 = 0; l17 = 0; l18 = 0; l19 = 0; l1a = 0; l1b = 0; l1c = 0; l1d = 0; l1e = 0; l1f = 0;
      l20 = 0; l21 = 0; l22 = 0; l23 = 0; l24 = 0; l25 = 0; l26 = 0; l27 = 0; l28 = 0; l29 = 0;
      l2a = 0; l2b = 0; l2c = 0; l2d = 0; l2e = 0; l2f = 0; l30 = 0; l31 = 0; l32 = 0; l33 = 0;
      l34 = 0; l35 = 0; l36 = 0; l37 = 0; l38 = 0; l39 = 0; l3a = 0; l3b = 0; l3c = 0; l3d = 0;
      l3e = 0; l3f = 0; l40 = 0; l41 = 0; l42 = 0; l43 = 0; l44 = 0; l45 = 0; l46 = 0; l47 = 0;
      l48 = 0; l49 = 0; l4a = 0; l4b = 0; l4c = 0; l4d = 0; l4e = 0; l4f = 0; l50 = 0; l51 = 0;
      l52 = 0; l53 = 0; l54 = 0; l55 = 0; l56 = 0; l57 = 0; l58 = 0; l59 = 0; l5a = 0; l5b = 0;
      l5c = 0; l5d = 0; l5e = 0; l5f = 0; l60 = 0; l61 = 0; l62 = 0; l63 = 0; l64 = 0; l65 = 0;
      l66 = 0; l67 = 0; l68 = 0; l69 = 0; l6a = 0; l6b = 0; l6c = 0; l6d = 0; l6e = 0; l6f = 0;
      Thread.yield();
    }
    // spotless:on
  }

  /**
   * {@return whether {@link #requireAboveStack} would return} For a call that need not be made now.
   */
  public static boolean hasAboveStack() {
    try {
      requireAboveStack();
      return true;
    } catch (StackOverflowError e) {
      return false;
    }
  }
}
