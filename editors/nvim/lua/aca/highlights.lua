--- Highlight groups. Each is a default link, so a colour scheme or a person's own definition wins.

local M = {}

local links = {
  AcaAdd = 'DiffAdd',
  AcaAddWord = 'DiffText',
  AcaDelete = 'DiffDelete',
  AcaConflict = 'DiagnosticWarn',
  AcaSignAdd = 'Added',
  AcaSignChange = 'Changed',
  AcaSignDelete = 'Removed',
  AcaBanner = 'Comment',
  AcaBannerKey = 'Special',
  AcaReason = 'Comment',
  AcaWorkspace = 'Directory',
  AcaWorking = 'DiagnosticInfo',
  AcaReady = 'DiagnosticOk',
  AcaFailed = 'DiagnosticError',
  AcaDone = 'Comment',
  AcaCost = 'Number',
  AcaHeading = 'Title',
  AcaTool = 'Function',
  AcaToolResult = 'Comment',
  AcaTold = 'String',
}

function M.define()
  vim.api.nvim_set_hl(0, 'AcaDeleteWord', { default = true, underline = true, bold = true })
  for name, link in pairs(links) do
    vim.api.nvim_set_hl(0, name, { default = true, link = link })
  end
end

return M
