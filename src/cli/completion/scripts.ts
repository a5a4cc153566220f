/*
 * Each script hands the words up to the cursor to `claviger __complete`, each behind a `=`: an empty word arrives as such in
 * every shell, and none is taken for an option. None is evaluated. What comes back is a candidate a line, with a tab before what it means,
 * and a last line that says what the shell goes on with by itself: `:file`, `:directory`, `:command` or `:none`. Always the
 * `claviger` of the PATH is asked: a file of that name in some folder is run by nobody who only pressed Tab.
 */

/** Bash splits words at `=` and `:`; what stands together is put together again, and taken off the candidates. No bash-completion needed. */
const bash = `# bash completion of claviger: source <(claviger completion bash)
_claviger() {
  local rest=\${COMP_LINE:0:COMP_POINT} words=() word count=0 index line then= cut
  rest=\${rest#"\${COMP_WORDS[0]}"}
  for ((index = 1; index <= COMP_CWORD; index++)); do
    word=\${COMP_WORDS[index]}
    if [[ $rest == [[:space:]]* || $count -eq 0 ]]; then
      rest=\${rest#"\${rest%%[![:space:]]*}"}
      words[count++]="=$word"
    else
      words[count - 1]+=$word
    fi
    rest=\${rest#"$word"}
  done
  local current=\${words[count - 1]#=}
  cut=\${current%"\${current##*[=:]}"}
  COMPREPLY=()
  while IFS= read -r line; do
    case $line in
      :*) then=\${line#:} ;;
      *)
        line=\${line%%$'\\t'*}
        COMPREPLY+=("\${line#"$cut"}")
        ;;
    esac
  done < <(command claviger __complete "\${words[@]}" 2>/dev/null)
  case $then in
    file) compopt -o default 2>/dev/null ;;
    directory) compopt -o dirnames 2>/dev/null ;;
    command)
      for ((index = 1; index < COMP_CWORD; index++)); do [[ \${COMP_WORDS[index]} == -- ]] && break; done
      if declare -F _command_offset >/dev/null; then
        _command_offset $((index + 1))
      elif ((COMP_CWORD == index + 1)); then
        while IFS= read -r line; do COMPREPLY+=("$line"); done < <(compgen -c -- "\${COMP_WORDS[COMP_CWORD]}")
      else
        compopt -o default 2>/dev/null
      fi
      ;;
  esac
}
complete -F _claviger claviger
`;

const zsh = `#compdef claviger
# zsh completion of claviger: source <(claviger completion zsh), after compinit
_claviger() {
  local -a lines described
  local line word then
  lines=("\${(@f)$(command claviger __complete "\${(@)\${(@Q)words[2,CURRENT]}/#/=}" 2>/dev/null)}")
  for line in "\${lines[@]}"; do
    case $line in
      :*) then=\${line#:} ;;
      ?*)
        word=\${line%%$'\\t'*}
        word=\${word//:/\\\\:}
        if [[ $line == *$'\\t'* ]]; then described+=("$word:\${line#*$'\\t'}"); else described+=("$word"); fi
        ;;
    esac
  done
  (( \${#described} )) && _describe -t claviger claviger described
  case $then in
    file) _files ;;
    directory) _files -/ ;;
    command)
      local -i start=\${words[(i)--]}
      words=("\${(@)words[start+1,-1]}")
      (( CURRENT -= start ))
      _normal
      ;;
  esac
}
if [[ $funcstack[1] == _claviger ]]; then _claviger "$@"; else compdef _claviger claviger; fi
`;

const fish = `# fish completion of claviger: claviger completion fish | source
function __claviger_complete
    set -l words (commandline -opc)[2..-1] (commandline -ct)
    set -l then none
    for line in (command claviger __complete "="$words 2>/dev/null)
        if string match -q ':*' -- $line
            set then (string sub -s 2 -- $line)
        else
            echo $line
        end
    end
    switch $then
        case file
            __fish_complete_path (commandline -ct)
        case directory
            __fish_complete_directories (commandline -ct)
        case command
            set -l start (contains -i -- -- $words)
            set -l rest (string escape -- $words[(math $start + 1)..-2])
            complete -C (string join ' ' -- $rest (commandline -ct))
    end
end
complete -c claviger -f -a '(__claviger_complete)'
`;

const powershell = `# PowerShell completion of claviger: claviger completion powershell | Out-String | Invoke-Expression
Register-ArgumentCompleter -Native -CommandName claviger -ScriptBlock {
  param($wordToComplete, $commandAst, $cursorPosition)
  $words = @($commandAst.CommandElements |
    Select-Object -Skip 1 |
    Where-Object { $_.Extent.StartOffset -lt $cursorPosition } |
    ForEach-Object { '=' + $_.Extent.Text.Trim('"', "'") })
  if ($wordToComplete -eq '') { $words += '=' }
  $claviger = Get-Command claviger -CommandType Application, ExternalScript -ErrorAction SilentlyContinue | Select-Object -First 1
  if ($null -eq $claviger) { return }
  & $claviger __complete @words 2>$null | ForEach-Object {
    if ($_ -eq ':file' -or $_ -eq ':directory') {
      Get-ChildItem -Path "$wordToComplete*" -Directory:($_ -eq ':directory') -Name -ErrorAction SilentlyContinue | ForEach-Object {
        [System.Management.Automation.CompletionResult]::new($_, $_, 'ProviderItem', $_)
      }
    } elseif (-not $_.StartsWith(':')) {
      $word, $what = $_ -split "\`t", 2
      if (-not $what) { $what = $word }
      [System.Management.Automation.CompletionResult]::new($word, $word, 'ParameterValue', $what)
    }
  }
}
`;

/** The script of each shell. */
export const shells: Readonly<Record<string, string>> = { bash, zsh, fish, powershell };
