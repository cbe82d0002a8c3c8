import type { ParameterReflection, Reflection, SignatureReflection } from 'typedoc';
import {
  type MarkdownApplication,
  type MarkdownPageEvent,
  MarkdownTheme,
  MarkdownThemeContext,
} from 'typedoc-plugin-markdown';

type SignatureOptions = Parameters<MarkdownThemeContext['partials']['signature']>[1];

/** Called by TypeDoc: adds the theme `terse`. */
export function load(app: MarkdownApplication): void {
  app.renderer.defineTheme('terse', TerseTheme);
}

/** The signature in full, then only what somebody wrote: no tables that repeat the types of the signature. */
class TerseTheme extends MarkdownTheme {
  override getRenderContext(page: MarkdownPageEvent<Reflection>): MarkdownThemeContext {
    const context = new MarkdownThemeContext(this, page, this.application.options);
    context.partials.signature = (model, options) => signature(context, model, options);
    return context;
  }
}

function signature(context: MarkdownThemeContext, model: SignatureReflection, options: SignatureOptions): string {
  const parts = [
    options.hideTitle === true ? '' : title(context, model, options),
    comment(context, model, { ...options, isSummary: true }),
    parameters(context, model),
    model.comment?.getTag('@returns') === undefined ? '' : context.partials.signatureReturns(model, options),
    comment(context, model, { ...options, isSummary: false }),
  ];
  return parts.filter((part) => part !== '').join('\n\n');
}

function title({ partials }: MarkdownThemeContext, model: SignatureReflection, { accessor }: SignatureOptions): string {
  return partials.signatureTitle(model, accessor === undefined ? {} : { accessor });
}

/** What a docstring says of the whole, or its tags, such as what is thrown. */
function comment(
  { partials }: MarkdownThemeContext,
  model: SignatureReflection,
  { headingLevel, multipleSignatures = false, isSummary }: SignatureOptions & { readonly isSummary: boolean },
): string {
  const found = model.comment ?? (multipleSignatures ? undefined : model.parent.comment);
  return found === undefined ? '' : partials.comment(found, { headingLevel, showSummary: isSummary, showTags: !isSummary });
}

function parameters({ partials }: MarkdownThemeContext, { parameters: all = [] }: SignatureReflection): string {
  const described = all.filter((parameter: ParameterReflection) => parameter.comment?.hasVisibleComponent() === true);
  return described.length === 0 ? '' : partials.parametersTable(described);
}
