package org.jallocator.testkit;

import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.Extension;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;
import org.junit.jupiter.api.extension.TestTemplateInvocationContext;
import org.junit.jupiter.api.extension.TestTemplateInvocationContextProvider;

/** Generates the tests of a rule that {@link AppliesTo} limits: none, one, or one per constant. */
final class RuleInvocations implements TestTemplateInvocationContextProvider {

  /** A test without an argument. */
  private record Plain(String rule) implements TestTemplateInvocationContext {
    @Override
    public String getDisplayName(int index) {
      return rule;
    }
  }

  /** A test with an enum constant for its argument. */
  private record WithConstant(Enum<?> constant)
      implements TestTemplateInvocationContext, ParameterResolver {
    @Override
    public String getDisplayName(int index) {
      return constant.name();
    }

    @Override
    public List<Extension> getAdditionalExtensions() {
      return List.of(this);
    }

    @Override
    public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
      return parameter.getParameter().getType() == constant.getDeclaringClass();
    }

    @Override
    public Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
      return constant;
    }
  }

  @Override
  public boolean supportsTestTemplate(ExtensionContext context) {
    return true;
  }

  @Override
  public boolean mayReturnZeroTestTemplateInvocationContexts(ExtensionContext context) {
    return true;
  }

  @Override
  public Stream<TestTemplateInvocationContext> provideTestTemplateInvocationContexts(
      ExtensionContext context) {
    AppliesTo rule = context.getRequiredTestMethod().getAnnotation(AppliesTo.class);
    EnumSet<Trait> traits = ((ContractFixture) context.getRequiredTestInstance()).traits();
    if (!traits.containsAll(Set.of(rule.value()))) {
      return Stream.of();
    }
    if (rule.forEach() == Enum.class) {
      return Stream.of(new Plain(context.getRequiredTestMethod().getName()));
    }
    return Arrays.stream(rule.forEach().getEnumConstants())
        .filter(constant -> constant != Workload.SCOPES || traits.contains(Trait.ARENA))
        .map(WithConstant::new);
  }
}
