import { useCommand } from "./commands";
import { chooseTheme, type Theme, useChosenTheme } from "./theme";

const NEXT: Record<Theme, Theme> = { system: "light", light: "dark", dark: "system" };
const SIGN: Record<Theme, string> = { system: "◐", light: "☀", dark: "☾" };
const NAME: Record<Theme, string> = { system: "as the system has it", light: "light", dark: "dark" };

export function ThemeButton() {
  const theme = useChosenTheme();
  const next = NEXT[theme];
  const turn = () => chooseTheme(next);
  useCommand({ id: "theme", title: `Theme: ${NAME[next]}`, act: turn, keys: "t" });
  return (
    <button
      type="button"
      className="icon-button"
      title={`Theme: ${NAME[theme]}`}
      aria-label={`Theme is ${theme}; choose ${next}`}
      onClick={turn}
    >
      {SIGN[theme]}
    </button>
  );
}
