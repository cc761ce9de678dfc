package org.jallocator.testkit;

/**
 * A bug planted in {@link NaivePages}, {@link NaiveArena}, {@link NaiveLeaf}, {@link NaiveShared}
 * or {@link NaiveCounter}, and the test of the contract that must find it.
 */
enum Bug {
  /** No bug: the contract passes. */
  NONE(Host.PAGES, ""),

  SERVES_SIZE_ZERO(Host.PAGES, "mallocRefusesLessThanOneByte"),
  TRY_MALLOC_SERVES_NEGATIVE_SIZES(Host.PAGES, "tryMallocRefusesLessThanOneByte"),
  SERVES_MORE_THAN_MAX_SIZE(Host.PAGES, "mallocRefusesMoreThanMaxSize"),
  TRY_MALLOC_THROWS_ABOVE_MAX_SIZE(Host.PAGES, "tryMallocReturnsNullForMoreThanMaxSize"),
  REFUSES_MAX_SIZE_ITSELF(Host.PAGES, "everyEdgeSizeIsServedByMallocAndByTryMalloc"),
  MESSAGE_WITHOUT_THE_SIZE(Host.PAGES, "mallocRefusesMoreThanMaxSize"),
  MESSAGE_ENDS_WITH_A_FULL_STOP(Host.PAGES, "mallocRefusesMoreThanMaxSize"),
  MAX_SIZE_CHANGES_AT_CLOSE(Host.PAGES, "maxSizeAndAlignmentNeverChange"),
  DOES_NOT_ALIGN_BY_HAND(Host.PAGES, "blocksOfEverySmallSizeAreLiveAtOnce"),
  ALIGNS_WITHOUT_ASKING_FOR_SLACK(Host.PAGES, "blocksOfEverySmallSizeAreLiveAtOnce"),
  BLOCKS_OVERLAP(Host.PAGES, "blocksOfEverySmallSizeAreLiveAtOnce"),
  COMPARES_ADDRESSES_AS_SIGNED(Host.PAGES, "everyInvariantHoldsAfterEachStepOf"),

  COUNTS_ONE_LIVE_BLOCK_TOO_MANY(Host.PAGES, "aNewAllocatorHasNothingLive"),
  COUNTS_REQUESTED_BYTES_AT_MALLOC_ONLY(Host.PAGES, "allFormsOfFreeTakeABlockBack"),
  RESERVED_LACKS_THE_SLACK(Host.PAGES, "allFormsOfFreeTakeABlockBack"),
  PEAK_IS_WHAT_IS_RESERVED_NOW(Host.PAGES, "everyInvariantHoldsAfterEachStepOf"),
  COUNTS_NO_INNER_FREES(Host.PAGES, "everyInvariantHoldsAfterEachStepOf"),
  CLOSED_STATS_KEEP_WHAT_WAS_RESERVED(
      Host.PAGES, "aClosedAllocatorHasNothingLiveAndNothingReserved"),

  ACCEPTS_DOUBLE_FREES(Host.PAGES, "aDoubleFreeIsRefusedByEveryFormOfFree"),
  ACCEPTS_SIZED_DOUBLE_FREES(Host.PAGES, "aDoubleFreeIsRefusedByEveryFormOfFree"),
  CALLS_A_DOUBLE_FREE_NO_BLOCK(Host.PAGES, "aDoubleFreeIsRefusedByEveryFormOfFree"),
  COUNTS_A_REFUSED_DOUBLE_FREE(Host.PAGES, "aDoubleFreeIsRefusedByEveryFormOfFree"),
  ACCEPTS_INTERIOR_FREES(Host.PAGES, "aFreeOfEveryAddressInsideABlockIsRefused"),
  ACCEPTS_THE_LAST_BYTE_OF_A_BLOCK(Host.PAGES, "aFreeOfEveryAddressInsideABlockIsRefused"),
  ACCEPTS_FREES_BEHIND_WHAT_WAS_ASKED_FOR(Host.PAGES, "aFreeOfEveryAddressInsideABlockIsRefused"),
  IGNORES_FOREIGN_FREES(Host.PAGES, "aFreeOfForeignMemoryIsRefused"),
  PASSES_FOREIGN_FREES_ON(Host.PAGES, "aFreeOfForeignMemoryIsRefused"),
  TRY_FREE_IS_TRUE_FOR_FOREIGN(Host.PAGES, "aFreeOfForeignMemoryIsRefused"),
  TRY_FREE_CHECKS_THE_SIZE_OF_FOREIGN_MEMORY(Host.PAGES, "aFreeOfForeignMemoryIsRefused"),
  OWNS_THE_BYTE_AFTER_ITS_MEMORY(Host.PAGES, "ownsAgreesWithWhatIsHeldFromTheInner"),
  DOES_NOT_OWN_ITS_SLACK(Host.PAGES, "ownsAgreesWithWhatIsHeldFromTheInner"),
  OWNS_WHAT_IT_GAVE_BACK(Host.PAGES, "memoryThatWentBackToTheInnerIsForeign"),
  OWNS_NULL(Host.PAGES, "nullIsNobodysMemory"),
  FREE_OF_NULL_THROWS(Host.PAGES, "freeIgnoresNull"),
  SIZED_FREE_IGNORES_THE_SIZE(Host.PAGES, "aSizeThatNoBlockCanHaveIsRefused"),
  SIZED_FREE_CHECKS_AFTER_FREEING(Host.PAGES, "aSizeThatNoBlockCanHaveIsRefused"),
  TRY_FREE_FREES_NOTHING(Host.PAGES, "allFormsOfFreeTakeABlockBack"),

  CLOSE_KEEPS_A_PAGE(Host.PAGES, "closingTwiceIsSilent"),
  CLOSE_FREES_PAGES_AGAIN(Host.PAGES, "closingTwiceIsSilent"),
  CLOSE_THROWS_THE_SECOND_TIME(Host.PAGES, "closingTwiceIsSilent"),
  CLOSE_CLOSES_THE_INNER(Host.PAGES, "anUnusedAllocatorCloses"),
  CLOSE_IGNORES_LEAKS(Host.PAGES, "closeFindsLiveBlocksAndKeepsThem"),
  CLOSE_RELEASES_WHAT_LEAKS(Host.PAGES, "closeFindsLiveBlocksAndKeepsThem"),
  CLOSED_BY_A_REFUSED_CLOSE(Host.PAGES, "closeFindsLiveBlocksAndKeepsThem"),
  LEAK_NAMES_FREE_BLOCKS(Host.PAGES, "closeFindsLiveBlocksAndKeepsThem"),
  SERVES_AFTER_CLOSE(Host.PAGES, "everyUseAfterCloseIsRefused"),
  OWNS_AFTER_CLOSE(Host.PAGES, "everyUseAfterCloseIsRefused"),
  SERVES_EVERY_THREAD_THOUGH_CONFINED(Host.PAGES, "aConfinedAllocatorRefusesEveryOtherThread"),
  LETS_OTHER_THREADS_ASK_WHAT_IT_OWNS(Host.PAGES, "aConfinedAllocatorRefusesEveryOtherThread"),
  WRONG_THREAD_WITHOUT_NAMES(Host.PAGES, "aConfinedAllocatorRefusesEveryOtherThread"),
  MAX_SIZE_IS_CONFINED(Host.PAGES, "anyThreadMayAskForWhatNeverChanges"),

  MALLOC_RETURNS_NULL_WITHOUT_MEMORY(
      Host.PAGES, "anAllocatorWithoutMemorySaysSoAndGoesOnWhenThereIsSome"),
  TRY_MALLOC_LETS_THE_INNERS_ERROR_THROUGH(
      Host.PAGES, "anAllocatorWithoutMemorySaysSoAndGoesOnWhenThereIsSome"),
  OUT_OF_MEMORY_WITHOUT_WHAT_IS_RESERVED(
      Host.PAGES, "anAllocatorWithoutMemorySaysSoAndGoesOnWhenThereIsSome"),
  OUT_OF_MEMORY_WITHOUT_THE_LAYER(
      Host.PAGES, "anAllocatorWithoutMemorySaysSoAndGoesOnWhenThereIsSome"),
  LOSES_A_BLOCK_WHEN_THE_INNER_FAILS(Host.PAGES, "survivesEachInnerMallocFailingOnce"),
  COUNTS_A_PAGE_THAT_IT_DID_NOT_GET(Host.PAGES, "survivesEachInnerMallocFailingOnce"),
  SWALLOWS_THE_INNERS_EXCEPTION(Host.PAGES, "survivesEachInnerMallocFailingOnce"),
  IS_BROKEN_AFTER_THE_INNERS_EXCEPTION(Host.PAGES, "survivesEachInnerMallocFailingOnce"),
  NEVER_ASKS_AGAIN_AFTER_A_FAILURE(Host.PAGES, "survivesTheInnerFailingFromEachMallocOn"),

  STATS_ARE_CONFINED(Host.PAGES, "statsAreForEveryThread"),
  TRIMS_FOR_OTHER_THREADS(Host.PAGES, "aConfinedAllocatorGivesNothingAwayToAnotherThread"),
  IS_STUCK_WHEN_ITS_OWNER_HAS_ENDED(
      Host.PAGES, "anyThreadClosesWhatIsConfinedToAThreadThatHasEnded"),
  TRIM_SAYS_TOO_MUCH(Host.PAGES, "trimGivesBackWhatItSaysAndNoLiveBlock"),
  TRIM_GIVES_BACK_LIVE_BLOCKS(Host.PAGES, "trimGivesBackWhatItSaysAndNoLiveBlock"),
  TRIM_KEEPS_A_PAGE(Host.PAGES, "trimGivesEverythingBackIfNothingIsLive"),
  RELEASE_KEEPS_PAGES_WITH_LIVE_BLOCKS(Host.PAGES, "closeAndReleaseGivesBackLiveBlocksToo"),
  RELEASE_STAYS_OPEN(Host.PAGES, "closeAndReleaseFollowsACloseThatFoundLeaks"),
  RELEASE_IS_SILENT_ABOUT_LEAKS(Host.PAGES, "closeAndReleaseGivesBackLiveBlocksToo"),
  GOOD_SIZE_TAKES_ANY_SIZE(Host.PAGES, "goodSizeRefusesWhatMallocRefuses"),
  GOOD_SIZE_IS_TOO_MUCH(Host.PAGES, "blocksOfEverySmallSizeAreLiveAtOnce"),
  SIZED_FREE_WANTS_THE_VERY_SIZE(Host.PAGES, "goodSizeIsHowManyBytesTheBlockHas"),
  NAMES_FREE_BLOCKS_AS_LIVE(Host.PAGES, "liveAddressesAreOfLiveBlocks"),
  NAMES_ONE_BLOCK_TOO_FEW(Host.PAGES, "liveAddressesAreOfLiveBlocks"),

  KEEPS_A_PAGE_THAT_THE_INNER_THREW_AT(Host.PAGES, "survivesEachInnerFreeFailingOnce"),
  SWALLOWS_WHAT_THE_INNERS_FREE_THROWS(Host.PAGES, "survivesTheInnerFailingFromEachFreeOn"),
  FORGETS_A_PAGE_THAT_THE_INNER_REFUSES(Host.PAGES, "survivesEachInnerFreeFailingOnce"),
  LOSES_THE_BLOCK_IF_THE_INNER_REFUSES(Host.PAGES, "survivesEachInnerFreeFailingOnce"),
  FORGETS_THE_OTHER_CHUNKS_IF_ONE_FAILS(Host.ARENA, "survivesEachInnerFreeFailingOnce"),

  COUNTS_A_BLOCK_THAT_AN_OVERFLOW_KEPT_AWAY(Host.COUNTER, "aStackOverflowAtAnyDepthChangesNothing"),
  LEAVES_ITS_LOCK_TAKEN_BY_AN_OVERFLOW(Host.COUNTER, "aStackOverflowAtAnyDepthChangesNothing"),

  RELEASES_A_PAGE_WITH_A_LIVE_BLOCK(Host.PAGES, "everyInvariantHoldsAfterEachStepOf"),
  FREES_A_PAGE_BY_ITS_ALIGNED_ADDRESS(Host.PAGES, "everyInvariantHoldsAfterEachStepOf"),
  FORGETS_A_PAGE(Host.PAGES, "everyInvariantHoldsAfterEachStepOf"),

  ACCEPTS_STALE_MARKS(Host.ARENA, "freeAllEndsAllMarks"),
  ACCEPTS_A_MARK_TWICE(Host.ARENA, "aStaleMarkIsNotRevivedByAYoungerOne"),
  MARKS_ARE_DEPTHS(Host.ARENA, "aStaleMarkIsNotRevivedByAYoungerOne"),
  KEEPS_YOUNGER_MARKS(Host.ARENA, "releaseEndsAllYoungerMarks"),
  ACCEPTS_ANY_MARK(Host.ARENA, "releaseRefusesWhatNeverWasAMark"),
  RELEASE_FREES_ONE_TOO_MANY(Host.ARENA, "releaseFreesWhatIsYoungerThanItsMarkAndNothingElse"),
  RELEASE_FREES_ONE_TOO_FEW(Host.ARENA, "releaseFreesWhatIsYoungerThanItsMarkAndNothingElse"),
  RELEASE_GOES_BY_ADDRESS(Host.ARENA, "releaseSparesNoBlockThatTookTheRoomOfAnOlderOne"),
  RELEASE_FREES_TWICE_WHAT_WAS_FREED(Host.ARENA, "aBlockOfAScopeMayBeFreedBeforeTheScopeEnds"),
  FREE_ALL_KEEPS_A_BLOCK(Host.ARENA, "freeAllFreesEveryBlockAndTheArenaGoesOn"),
  FREE_ALL_OF_NOTHING_THROWS(Host.ARENA, "freeAllOfAnEmptyArenaIsSilent"),
  AN_OPEN_MARK_IS_A_LEAK(Host.ARENA, "anOpenMarkIsNoLeak"),
  MARKS_AFTER_CLOSE(Host.ARENA, "everyUseAfterCloseIsRefused"),
  LETS_OTHER_THREADS_FREE_ALL(Host.ARENA, "aConfinedAllocatorRefusesEveryOtherThread"),
  RELEASE_SPARES_SOME_IN_DEEP_NESTS(Host.ARENA, "everyInvariantHoldsAfterEachStepOf"),

  LEAF_SERVES_AFTER_CLOSE(Host.LEAF, "everyUseAfterCloseIsRefused"),
  LEAF_MISALIGNS(Host.LEAF, "everyEdgeSizeIsServedByMallocAndByTryMalloc"),
  LEAF_HANDS_OUT_NULL(Host.LEAF, "everyEdgeSizeIsServedByMallocAndByTryMalloc"),
  LEAF_TAKES_IMPOSSIBLE_SIZES(Host.LEAF, "aSizeThatNoBlockCanHaveIsRefused"),
  LEAF_IS_NOT_SHARED_THOUGH_IT_SAYS_SO(Host.LEAF, "aSharedAllocatorServesEveryThread"),
  LEAF_RACES(Host.LEAF, "aSharedAllocatorHandsNoBlockToTwoThreads"),
  LEAF_WRITES_BEYOND_A_BLOCK(Host.LEAF, "everyInvariantHoldsAfterEachStepOf"),

  TWO_RACING_FREES_MAY_WIN(Host.SHARED, "ofEightThreadsThatFreeOneBlockOneWins"),
  MALLOC_LEAVES_A_PAGE_BEHIND_A_CLOSE(Host.SHARED, "aCallThatRacesWithCloseIsDoneOrRefused"),
  ACCEPTS_DOUBLE_FREES_OF_OTHER_THREADS(
      Host.SHARED, "aFreeThatComesAfterAnotherIsRefusedWhicheverThreadsMakeThem"),
  SUBTRACTS_WHAT_IT_READ_BEFORE(Host.SHARED, "figuresAreNeverNegativeBesideOtherThreads"),
  LOSES_WHAT_OTHER_THREADS_FREE(Host.SHARED, "blocksThatOtherThreadsFreeAreHandedOutAgain");

  /** Which of the naive allocators the bug is in. */
  enum Host {
    PAGES,
    ARENA,
    LEAF,
    SHARED,
    COUNTER
  }

  private final Host host;
  private final String caughtBy;

  Bug(Host host, String caughtBy) {
    this.host = host;
    this.caughtBy = caughtBy;
  }

  Host host() {
    return host;
  }

  /** {@return the name of the test method that must fail} */
  String caughtBy() {
    return caughtBy;
  }
}
