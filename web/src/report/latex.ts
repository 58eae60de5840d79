/** Tables in LaTeX, escaped as Python's do it. */

import type { TableData } from "./types.ts";

const escapes: Record<string, string> = {
  "\\": "\\textbackslash{}",
  "&": "\\&",
  "%": "\\%",
  $: "\\$",
  "#": "\\#",
  _: "\\_",
  "{": "\\{",
  "}": "\\}",
  "~": "\\textasciitilde{}",
  "^": "\\textasciicircum{}",
  "<": "\\textless{}",
  ">": "\\textgreater{}",
  "|": "\\textbar{}",
  "±": "$\\pm$",
  "–": "--",
  "…": "\\ldots{}",
  "−": "$-$",
  "∞": "$\\infty$",
  σ: "$\\sigma$",
};

/** Return a text in which every character stands for itself. */
export function escaped(text: string): string {
  return text
    .replace(/\s+/g, " ")
    .replace(/[\\&%$#_{}~^<>|±–…−∞σ]/g, (letter) => escapes[letter])
    .replace(/(?<![\w-])-(?=\d)/g, () => "$-$");
}

/** Return a table as `tabular` with `\hline`, which needs no package; the title is a comment before it. */
export function latex({ title, header, align, rows }: TableData): string {
  const lines = [header, ...rows].map((row) => `${row.map(escaped).join(" & ")} \\\\`);
  lines.splice(1, 0, "\\hline");
  const comment = title ? [`% ${title.replace(/\s+/g, " ")}`] : [];
  return [...comment, `\\begin{tabular}{${align}}`, "\\hline", ...lines, "\\hline", "\\end{tabular}", ""].join("\n");
}
