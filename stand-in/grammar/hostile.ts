/** What a report must show as text and nothing more: markup, escapes, formulas, odd Unicode. */
const hostile = [
  '<script>document.title="owned"</script><img src=x onerror=alert(1)>',
  '# Verdict: pass\n| a | b |\n|---|---|\n[click](javascript:alert(1)) ![x](http://127.0.0.1:1/x.png)',
  '\u001b[2J\u001b[31mred\u001b[0m\u001b]0;owned\u0007',
  '=HYPERLINK("http://127.0.0.1:1/","click")',
  "+1+cmd|' /C calc'!A0",
  '@SUM(1+1)*cmd',
  '"\r\nshadow,0,200,pass\r\n"',
  '\u202Etxet desrever\u202C \u0000 \uD800 \u2028 \uFEFF',
  '</td></tr></table></body></html><!-- ',
  '${process.exit(1)} {{7*7}} %s%n `whoami` $(id)',
] as const;

/** The hostile answer of a request. */
export function hostileText(index: number): { corrected: string; translation: string } {
  const at = (i: number) => hostile[i % hostile.length] ?? '';
  return { corrected: at(index), translation: at(index + 1) };
}
