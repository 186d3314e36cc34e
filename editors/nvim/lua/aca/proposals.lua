--- Proposals, asked for anew whenever the server says that one has changed.

local client = require('aca.client')
local tasks = require('aca.tasks')

local M = {}

---@class aca.Hunk
---@field id string
---@field state { name: string, live?: string, merged?: string, reason?: string }
---@field line integer
---@field lines integer
---@field old string
---@field new string
---@field amended? boolean
---@field reason? { why: string, verified: boolean }
---@field needs? string[]
---@field since? string
---@field seen integer

---@class aca.File
---@field path string
---@field change { kind: string, from?: string, executable?: boolean, reason?: string }
---@field hunks aca.Hunk[]

---@class aca.Proposal
---@field task string
---@field summary string
---@field note? string
---@field round integer
---@field check? table
---@field files aca.File[]
---@field revision integer

---@param hunk aca.Hunk
---@return boolean
function M.is_open(hunk)
  return hunk.state.name ~= 'landed' and hunk.state.name ~= 'rejected'
end

---@param hunk aca.Hunk
---@return boolean
function M.is_conflict(hunk)
  return hunk.state.name == 'overlapping' or hunk.state.name == 'gone'
end

---Whether the hunks of a file are lines, which can be edited.
---@param file aca.File
---@return boolean
function M.has_lines(file)
  return file.change.kind == 'modify' or file.change.kind == 'create'
end

---Returns the undecided hunks of a proposal with their files, in order.
---@param proposal aca.Proposal
---@return { file: aca.File, hunk: aca.Hunk }[]
function M.open_hunks(proposal)
  local open = {}
  for _, file in ipairs(proposal.files) do
    for _, hunk in ipairs(file.hunks) do
      if M.is_open(hunk) then
        table.insert(open, { file = file, hunk = hunk })
      end
    end
  end
  return open
end

---Returns the lines of a text of the protocol, without line ends.
---@param text string
---@return string[]
function M.lines(text)
  if text == '' then
    return {}
  end
  return vim.split((text:gsub('\r\n', '\n'):gsub('\n$', '')), '\n', { plain = true })
end

---@param task string
---@param on_proposal fun(proposal: aca.Proposal)
---@param bufnr? integer the buffer whose newest text counts
function M.ask(task, on_proposal, bufnr)
  local server = tasks.client(task)
  if server then
    client.request(server, 'aca/proposal', { task = task }, on_proposal, nil, bufnr)
  end
end

---@type lsp.Handler
function M.on_changed(_, params)
  tasks.emit('AcaProposalChanged', { task = params.task, revision = params.revision })
end

return M
