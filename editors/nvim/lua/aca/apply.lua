--- Applies the server's edits, all of them or none, and says which.
---
--- Neovim's own handler answers `applied` for an edit that it has skipped, and looks at the version of the first
--- document only.

local M = {}

---Returns why an edit of a document cannot be applied.
---@param change lsp.TextDocumentEdit
---@return string?
local function obstacle(change)
  local document = change.textDocument
  local bufnr = vim.uri_to_bufnr(document.uri)
  local name = vim.fn.fnamemodify(vim.uri_to_fname(document.uri), ':~:.')
  local version = document.version
  -- Neovim opens documents with version 0 and counts on from their first change.
  if type(version) == 'number' and version > 0 and (vim.lsp.util.buf_versions[bufnr] or 0) > version then
    return ('%s has changed since.'):format(name)
  end
  if vim.api.nvim_buf_is_loaded(bufnr) and not vim.bo[bufnr].modifiable then
    return ("%s cannot be changed here: 'modifiable' is off."):format(name)
  end
end

---Returns an edit's documents, or why it is none that can be applied.
---@param edit lsp.WorkspaceEdit
---@return lsp.TextDocumentEdit[]?, string?
local function documents(edit)
  for _, annotation in pairs(edit.changeAnnotations or {}) do
    if annotation.needsConfirmation then
      return nil, 'It asks for a confirmation, which aca never does.'
    end
  end
  local changes = {}
  for _, change in ipairs(edit.documentChanges or {}) do
    if change.kind then
      return nil, ('It wants to %s a file, which aca does itself.'):format(change.kind)
    end
    table.insert(changes, change)
  end
  if not edit.documentChanges then
    for uri, edits in pairs(edit.changes or {}) do
      table.insert(changes, { textDocument = { uri = uri }, edits = edits })
    end
  end
  return changes
end

---@param edit lsp.WorkspaceEdit
---@param encoding string
---@return lsp.ApplyWorkspaceEditResult
function M.apply(edit, encoding)
  local changes, reason = documents(edit)
  if not changes then
    return { applied = false, failureReason = reason }
  end
  for index, change in ipairs(changes) do
    reason = obstacle(change)
    if reason then
      return { applied = false, failureReason = reason, failedChange = index - 1 }
    end
  end
  for index, change in ipairs(changes) do
    local bufnr = vim.uri_to_bufnr(change.textDocument.uri)
    local ok, problem = pcall(vim.lsp.util.apply_text_edits, change.edits, bufnr, encoding)
    if not ok then
      return { applied = false, failureReason = tostring(problem), failedChange = index - 1 }
    end
  end
  return { applied = true }
end

---@type lsp.Handler
function M.on_apply_edit(_, params, context)
  local client = vim.lsp.get_client_by_id(context.client_id)
  if not client then
    return { applied = false, failureReason = 'The client has ended.' }
  end
  return M.apply(params.edit, client.offset_encoding)
end

return M
