namespace ExpEther.Bridge.Io.Physical;

/// <summary>A VF is to see a namespace, or to see it no more.</summary>
internal readonly record struct VisibilityChange(uint Namespace, int VirtualFunction, bool IsVisible);
