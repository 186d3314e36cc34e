--- The lines under a hunk: which one it is, what can be pressed, and what is known of it.

local proposals = require('aca.proposals')

local M = {}

local PLAIN = { 'accept', 'reject', 'revise', 'amend', 'next', 'accept_all', 'close', 'help' }
local AMENDED = { 'accept', 'reject', 'revise', 'amend', 'restore', 'next', 'accept_all', 'close', 'help' }
local CONFLICT = { 'mine', 'agent', 'both', 'redo', 'next', 'close', 'help' }
local WHOLE_CONFLICT = { 'mine', 'agent', 'redo', 'next', 'close', 'help' }
--- A change of a file that is there, with no lines of its own.
local WHOLE = { 'accept', 'reject', 'revise', 'next', 'accept_all', 'close', 'help' }
local UNSUPPORTED = { 'reject', 'next', 'close', 'help' }
local LABELS = {
  accept = 'accept',
  reject = 'reject',
  revise = 'revise',
  amend = 'edit',
  restore = "agent's text",
  next = 'next',
  accept_all = 'all',
  close = 'close',
  help = 'keys',
  mine = 'mine',
  agent = "agent's",
  both = 'both',
  redo = 'redo',
}
--- What a state means for who decides, where that is not plain.
local STATES = {
  overlapping = 'conflict: you changed the same words',
  touched = 'you changed lines beside it; this is both together',
  alreadyThere = 'the file says this already',
}

---@param hunk aca.Hunk
---@param proposal aca.Proposal
---@return string[]
local function facts(hunk, proposal)
  local known = {}
  table.insert(known, hunk.state.name == 'gone' and 'conflict: ' .. hunk.state.reason or STATES[hunk.state.name])
  if hunk.reason then
    table.insert(known, hunk.reason.why .. (hunk.reason.verified and '' or ' (unverified)'))
  end
  if hunk.amended then
    table.insert(known, 'edited by you')
  end
  if hunk.since == 'changed' then
    table.insert(known, 'new in this round')
  end
  if #(hunk.needs or {}) > 0 then
    table.insert(known, ('needs %s to be accepted too'):format(require('aca.words').count(#hunk.needs, 'other hunk')))
  end
  for _, finding in ipairs(proposal.check and proposal.check.findings or {}) do
    if finding.hunk == hunk.id then
      table.insert(known, 'check: ' .. finding.message)
    end
  end
  return vim.tbl_map(function(fact)
    return (fact:gsub('%s+', ' '))
  end, known)
end

---@param file aca.File
---@param hunk aca.Hunk
---@return string[]
local function actions(file, hunk)
  local kind = file.change.kind
  if proposals.is_conflict(hunk) then
    return kind == 'modify' and CONFLICT or WHOLE_CONFLICT
  elseif kind == 'unsupported' then
    return UNSUPPORTED
  elseif not proposals.has_lines(file) then
    return WHOLE
  end
  return hunk.amended and AMENDED or PLAIN
end

---Returns the lines as virtual text. Only that of the hunk under the cursor lists keys, as many as have room.
---@param proposal aca.Proposal
---@param entry { file: aca.File, hunk: aca.Hunk, number: integer }
---@param count integer
---@param is_current boolean
---@param columns integer
---@return [string, string][][]
function M.lines(proposal, entry, count, is_current, columns)
  local file, hunk = entry.file, entry.hunk
  local group = proposals.is_conflict(hunk) and 'AcaConflict' or 'AcaBanner'
  local first = { { ('  ▴ aca %d/%d'):format(entry.number, count), group } }
  if is_current then
    local keys = require('aca.config').current.keys
    local left = columns - vim.fn.strdisplaywidth(first[1][1])
    for _, name in ipairs(actions(file, hunk)) do
      if keys[name] then
        left = left - #keys[name] - #LABELS[name] - 3
      end
      if keys[name] and left >= 0 then
        vim.list_extend(first, { { '  ' .. keys[name], 'AcaBannerKey' }, { ' ' .. LABELS[name], 'AcaBanner' } })
      end
    end
  end
  local lines = { first }
  local known = facts(hunk, proposal)
  if #known > 0 then
    table.insert(lines, { { '    ' .. table.concat(known, ' · '), 'AcaReason' } })
  end
  return lines
end

return M
