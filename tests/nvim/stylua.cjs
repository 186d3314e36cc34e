// Checks the style of Lua files with StyLua, or writes it with `--write`: `node stylua.cjs FOLDER [--write]`.
// StyLua comes as a library from npm. The settings are the folder's stylua.toml.

const fs = require('node:fs');
const path = require('node:path');
const stylua = require('@johnnymorganz/stylua');

const ENUMS = {
  line_endings: stylua.LineEndings,
  indent_type: stylua.IndentType,
  quote_style: stylua.QuoteStyle,
  call_parentheses: stylua.CallParenType,
};

const folder = process.argv[2];
const settings = fs.readFileSync(path.join(folder, 'stylua.toml'), 'utf8');

// The library takes each one away as it formats.
function config() {
  const made = stylua.Config.new();
  for (const [, name, value] of settings.matchAll(/^(\w+) = "?(\w+)"?$/gm)) {
    made[name] = ENUMS[name] ? ENUMS[name][value] : Number(value);
  }
  return made;
}

let wrong = 0;
for (const name of fs.readdirSync(folder, { recursive: true })) {
  if (!name.endsWith('.lua')) continue;
  const file = path.join(folder, name);
  const text = fs.readFileSync(file, 'utf8');
  const formatted = stylua.formatCode(text, config(), undefined, stylua.OutputVerification.Full);
  if (formatted === text) continue;
  if (process.argv.includes('--write')) {
    fs.writeFileSync(file, formatted);
  } else {
    const line = text.split('\n').findIndex((each, index) => each !== formatted.split('\n')[index]);
    console.log(`${name}:${line + 1} is not formatted as StyLua does it`);
  }
  wrong += 1;
}
process.exit(process.argv.includes('--write') ? 0 : Math.min(wrong, 1));
