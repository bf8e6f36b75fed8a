namespace ExpEther.Backends;

/// <summary>A backend cannot be opened. The message says why and what to do.</summary>
public sealed class BackendException : Exception
{
    public BackendException(string message)
        : base(message)
    {
    }

    public BackendException(string message, Exception cause)
        : base(message, cause)
    {
    }
}
