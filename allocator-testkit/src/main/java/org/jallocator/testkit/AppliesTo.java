package org.jallocator.testkit;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.TestTemplate;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Marks a rule of the contract that is a test of allocators with certain traits only. For all
 * others it is not generated, so that a report shows no skipped tests.
 */
@Target(ElementType.METHOD)
@Retention(RetentionPolicy.RUNTIME)
@TestTemplate
@ExtendWith(RuleInvocations.class)
@interface AppliesTo {

  /** {@return the traits, each of which the allocator must have} */
  Trait[] value() default {};

  /** {@return an enum, one constant of which the rule takes as its argument; {@code Enum}: none} */
  @SuppressWarnings("rawtypes") // no other default is a class of enums
  Class<? extends Enum> forEach() default Enum.class;
}
