namespace ExpEther.RootComplex.Functions.Sharing;

/// <summary>How a change of a namespace ended.</summary>
/// <param name="Failure">None on success.</param>
/// <param name="Words">What the matter is, for people; empty on success.</param>
/// <param name="Id">NSID of the namespace made; else 0.</param>
public readonly record struct NamespaceResult(NamespaceFailure Failure, string Words, uint Id)
{
    public static readonly NamespaceResult Success = new(NamespaceFailure.None, "", 0);

    public bool IsSuccess => Failure == NamespaceFailure.None;

    public static NamespaceResult Failed(NamespaceFailure failure, string words) => new(failure, words, 0);
}
