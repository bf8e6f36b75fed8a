namespace ExpEther.Link.Wire;

/// <summary>Offsets into a credit record, its prefix included (docs/wire-format.md, "Credit record").</summary>
public static class CreditRecordLayout
{
    public const int Prefix = 0;
    public const int PostedHeaders = 4;
    public const int PostedData = 8;
    public const int NonPostedHeaders = 12;
    public const int NonPostedData = 16;
    public const int CompletionHeaders = 20;
    public const int CompletionData = 24;

    public const int Bytes = 28;
}
