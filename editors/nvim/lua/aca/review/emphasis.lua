--- Which words of changed lines differ.

local M = {}

--- A span of bytes in a line: line from zero, first byte, byte after the last.
---@alias aca.Span { [1]: integer, [2]: integer, [3]: integer }

--- Where more than this part of the words differs, marking them all says nothing.
local MAX_PART = 0.6
--- Longer texts are not compared word by word.
local MAX_BYTES = 20000

---@param lines string[]
---@return string[] tokens, aca.Span[] spans
local function tokens_of(lines)
  local tokens, spans = {}, {}
  for row, line in ipairs(lines) do
    local at = 1
    while at <= #line do
      -- Bytes of characters beyond ASCII stay together.
      local _, last = line:find('^[%w_\128-\255]+', at)
      if not last then
        _, last = line:find('^%s+', at)
      end
      last = last or at
      table.insert(tokens, line:sub(at, last))
      table.insert(spans, { row - 1, at - 1, last })
      at = last + 1
    end
    table.insert(tokens, '\\n')
    table.insert(spans, { row - 1, #line, #line })
  end
  return tokens, spans
end

---@param spans aca.Span[]
---@param start integer
---@param count integer
---@param into aca.Span[]
local function collect(spans, start, count, into)
  for index = start, start + count - 1 do
    local span = spans[index]
    local last = into[#into]
    if span[3] > span[2] then
      if last and last[1] == span[1] and last[3] == span[2] then
        last[3] = span[3]
      else
        table.insert(into, { span[1], span[2], span[3] })
      end
    end
  end
end

--- A line of which all is marked says no more than one of which nothing is.
---@param lines string[]
---@param spans aca.Span[]
---@return aca.Span[]
local function parts_only(lines, spans)
  return vim.tbl_filter(function(span)
    local line = lines[span[1] + 1]
    return span[3] < #line or line:sub(1, span[2]):find('%S') ~= nil
  end, spans)
end

---Returns the words that are only in the old lines, and those only in the new ones; none where most of them differ.
---@param old string[]
---@param new string[]
---@return aca.Span[], aca.Span[]
function M.spans(old, new)
  local old_text, new_text = table.concat(old, '\n'), table.concat(new, '\n')
  if #old == 0 or #new == 0 or #old_text + #new_text > MAX_BYTES then
    return {}, {}
  end
  local old_tokens, old_spans = tokens_of(old)
  local new_tokens, new_spans = tokens_of(new)
  local joined = function(tokens)
    return table.concat(tokens, '\n') .. '\n'
  end
  local diff = vim.text and vim.text.diff or vim.diff
  local changes = diff(joined(old_tokens), joined(new_tokens), { result_type = 'indices' })
  local only_old, only_new, changed = {}, {}, 0
  for _, change in
    ipairs(changes --[[@as integer[][] ]])
  do
    changed = changed + change[2] + change[4]
    collect(old_spans, change[1], change[2], only_old)
    collect(new_spans, change[3], change[4], only_new)
  end
  if changed > MAX_PART * (#old_tokens + #new_tokens) then
    return {}, {}
  end
  return parts_only(old, only_old), parts_only(new, only_new)
end

return M
