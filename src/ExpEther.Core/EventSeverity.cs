namespace ExpEther.Core;

public enum EventSeverity
{
    Information,
    Warning,
    Error,
}
