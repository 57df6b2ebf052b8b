namespace LlamaEngine.Rag.Tests.Browser;

/// <summary>The contrast of text with what it stands on, by the formula of WCAG 2.2 (relative luminance).</summary>
internal static class Contrast
{
    /// <summary>
    /// A function for the page: gives each visible text whose contrast is below 4.5 to 1 (3 to 1 for large text), and nothing if all is well.
    /// What a text stands on is the next ancestor with an opaque background; translucent ones are refused, so that none is passed over.
    /// </summary>
    public const string Script = """
        () => {
          const parse = color => color.match(/[\d.]+/g).map(Number);
          const luminance = ([r, g, b]) => [r, g, b].map(c => c / 255).map(c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
            .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
          const ground = node => {
            for (let at = node; at; at = at.parentElement) {
              const color = parse(getComputedStyle(at).backgroundColor);
              if (color.length === 3 || color[3] === 1) return color;
              if (color[3] > 0) throw new Error(`translucent background of ${at.className}`);
            }
            return [255, 255, 255];
          };
          const modal = document.querySelector("dialog[open]");
          const bad = [];
          const walker = document.createTreeWalker(modal ?? document.body, NodeFilter.SHOW_TEXT);
          while (walker.nextNode()) {
            const node = walker.currentNode.parentElement;
            if (!walker.currentNode.textContent.trim() || !node.checkVisibility({ visibilityProperty: true }) || ["SCRIPT", "NOSCRIPT"].includes(node.tagName)) continue;
            const style = getComputedStyle(node);
            if (style.clipPath !== "none") continue;
            const [light, dark] = [luminance(parse(style.color)), luminance(ground(node))].sort((a, b) => b - a);
            const ratio = (light + 0.05) / (dark + 0.05), size = parseFloat(style.fontSize);
            const isLarge = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
            if (ratio < (isLarge ? 3 : 4.5)) bad.push(`${ratio.toFixed(2)}: ${walker.currentNode.textContent.trim().slice(0, 40)} (${node.className || node.tagName})`);
          }
          return bad;
        }
        """;
}
