namespace ExpEther.Daemon.Config;

/// <summary>A configuration file that cannot be used. Its message has one line per mistake, in the file's order.</summary>
public sealed class ConfigException(IReadOnlyList<ConfigError> errors) : Exception(string.Join('\n', errors))
{
    public IReadOnlyList<ConfigError> Errors { get; } = errors;
}
