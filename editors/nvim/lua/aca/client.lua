--- The servers that are attached, and how they are asked.

local M = {}

---@return vim.lsp.Client[]
function M.all()
  return vim.tbl_filter(function(client)
    return client.initialized and not client:is_stopped()
  end, vim.lsp.get_clients({ name = 'aca' }))
end

---@param text string
---@param level? integer
function M.say(text, level)
  vim.notify('aca: ' .. text, level or vim.log.levels.INFO)
end

---@param text string
function M.warn(text)
  M.say(text, vim.log.levels.WARN)
end

---Returns the server of a buffer.
---@param bufnr? integer
---@return vim.lsp.Client?
function M.of_buffer(bufnr)
  return vim.lsp.get_clients({ bufnr = bufnr or 0, name = 'aca' })[1]
end

---Returns the server that a command without a file is about: the buffer's, the working directory's, or the only one.
---@return vim.lsp.Client?
function M.pick()
  local client = M.of_buffer()
  if client then
    return client
  end
  local all = M.all()
  local here = vim.uv.fs_realpath(vim.fn.getcwd()) or ''
  for _, candidate in ipairs(all) do
    for _, folder in ipairs(M.folders(candidate)) do
      if here == folder.canonical or vim.startswith(here, folder.canonical .. '/') then
        return candidate
      end
    end
  end
  if #all == 1 then
    return all[1]
  end
  if #all == 0 then
    M.warn('no server is attached. Open a file of a project, or see what :checkhealth aca says.')
  else
    M.warn('several projects are open. Go to a file of the one you mean, then try again.')
  end
end

---Returns a server's workspace folders: as Neovim names them, and as the server does.
---@param client vim.lsp.Client
---@return { given: string, canonical: string }[]
function M.folders(client)
  return vim.tbl_map(function(folder)
    local given = vim.fs.normalize(vim.uri_to_fname(folder.uri))
    return { given = given, canonical = vim.uv.fs_realpath(given) or given }
  end, client.workspace_folders or {})
end

---Returns the workspace that a command is about: that of the buffer, else the server's first.
---@param client vim.lsp.Client
---@return string?
function M.workspace(client)
  local file = vim.api.nvim_buf_get_name(0)
  local folders = M.folders(client)
  table.sort(folders, function(a, b)
    return #a.given > #b.given
  end)
  for _, folder in ipairs(folders) do
    if vim.startswith(file, folder.given .. '/') then
      return folder.canonical
    end
  end
  if folders[1] then
    return folders[1].canonical
  end
  M.warn('this file lies in no project (a folder with .git or aca.toml), so there is nothing to work on.')
end

---Returns Neovim's name for a file of a task.
---@param client vim.lsp.Client
---@param workspace string
---@param path string
---@return string
function M.path(client, workspace, path)
  for _, folder in ipairs(M.folders(client)) do
    if folder.canonical == workspace then
      return folder.given .. '/' .. path
    end
  end
  return workspace .. '/' .. path
end

---Asks the server. An error is shown unless `on_error` takes it.
---@param client vim.lsp.Client
---@param method string
---@param params table
---@param on_result fun(result: any)
---@param on_error? fun(error: lsp.ResponseError): boolean? returns true if it was dealt with
---@param bufnr? integer the buffer whose newest text the server must have
function M.request(client, method, params, on_result, on_error, bufnr)
  local sent = client:request(method, params, function(error, result)
    if not error then
      on_result(result)
    elseif not (on_error and on_error(error)) then
      M.warn(error.message)
    end
  end, bufnr)
  if not sent then
    M.warn('the server has ended. `:Aca restart` starts it again.')
  end
end

return M
