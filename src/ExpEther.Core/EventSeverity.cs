namespace ExpEther.Core;

public enum EventSeverity
{
    Information,
    Warning,
    Error,

    /// <summary>A bug of ours: an exception that was contained. What it left is fenced and never used again; the text ends with the stack.</summary>
    Defect,
}
