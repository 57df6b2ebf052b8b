# Finds the .NET SDK, then hands over to the build program in build/. Its twin is build.sh.
$ErrorActionPreference = 'Stop'

$env:DOTNET_CLI_TELEMETRY_OPTOUT = '1'
$env:DOTNET_NOLOGO = '1'
# Nothing here depends on a culture.
$env:DOTNET_SYSTEM_GLOBALIZATION_INVARIANT = '1'
# No build servers stay behind.
$env:MSBUILDDISABLENODEREUSE = '1'
$env:DOTNET_CLI_USE_MSBUILD_SERVER = '0'

# global.json says which SDK will do; dotnet answers with an error where there is none.
function Test-Sdk {
    if (-not (Get-Command dotnet -ErrorAction SilentlyContinue)) { return $false }
    Push-Location $PSScriptRoot
    try { dotnet --version *> $null; return $LASTEXITCODE -eq 0 } catch { return $false } finally { Pop-Location }
}

if (-not (Test-Sdk)) {
    $folder = @($env:DOTNET_ROOT, (Join-Path $HOME '.dotnet'), "$env:ProgramFiles\dotnet") |
        Where-Object { $_ -and (Get-Command (Join-Path $_ 'dotnet') -ErrorAction SilentlyContinue) } | Select-Object -First 1
    if ($folder) {
        $env:DOTNET_ROOT = $folder
        $env:PATH = $folder + [IO.Path]::PathSeparator + $env:PATH
    }
}

if (-not (Test-Sdk)) {
    [Console]::Error.WriteLine(@'
LlamaEngine needs the .NET 10 SDK (10.0.100 or later) and found none. Install it, then run this command again:
  Windows          winget install Microsoft.DotNet.SDK.10
  macOS            brew install --cask dotnet-sdk
  Linux            the package dotnet-sdk-10.0 (Alpine: dotnet10-sdk)
  anywhere         Microsoft's dotnet-install.ps1 -Channel 10.0
'@)
    exit 1
}

dotnet run --project (Join-Path $PSScriptRoot 'build') -- @args
exit $LASTEXITCODE
