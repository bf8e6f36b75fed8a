using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using ExpEther.Pcie.Tlp;

namespace ExpEther.Cli.Tlps;

/// <summary>One TLP taken apart, for people and for programs.</summary>
internal sealed class TlpReport
{
    private readonly byte[] _bytes;
    private readonly TlpError _error;
    private readonly string _summary;
    private readonly string? _mistake;
    private readonly byte[] _payload;
    private readonly string? _digest;

    public TlpReport(byte[] bytes)
    {
        _bytes = bytes;
        _error = TlpView.TryParse(bytes, out var tlp);
        _summary = TlpText.Describe(bytes);
        _payload = _error == TlpError.None ? tlp.Payload.ToArray() : [];
        if (_error != TlpError.None)
        {
            _mistake = TlpErrorText.Explain(_error, bytes);
        }
        else if (tlp.HasDigest)
        {
            var right = Ecrc.Compute(bytes.AsSpan(..^4));
            _digest = Convert.ToHexStringLower(bytes.AsSpan(^4..));
            if (!tlp.HasValidEcrc)
            {
                _error = TlpError.BadEcrc;
                _mistake = $"{TlpErrorText.Explain(_error, bytes)}: it would be {Convert.ToHexStringLower(BitConverter.GetBytes(right))}";
            }
        }
    }

    public bool IsValid => _error == TlpError.None;

    public JsonObject ToJson() => new()
    {
        ["hex"] = Convert.ToHexStringLower(_bytes),
        ["valid"] = IsValid,
        ["summary"] = _summary,
        ["error"] = _mistake is null ? null : new JsonObject { ["code"] = $"{_error}", ["message"] = _mistake },
        ["fields"] = new JsonArray([.. TlpFields.Of(_bytes).Select(f => (JsonNode)new JsonObject
        {
            ["dw"] = f.Dw, ["bits"] = f.Bits, ["name"] = f.Name, ["value"] = f.Value, ["meaning"] = f.Meaning.Length > 0 ? f.Meaning : null,
        })]),
        ["payload"] = Convert.ToHexStringLower(_payload),
        ["digest"] = _digest,
    };

    public override string ToString()
    {
        var text = new StringBuilder(_summary).AppendLine();
        foreach (var field in TlpFields.Of(_bytes))
        {
            text.AppendLine(string.Create(
                CultureInfo.InvariantCulture,
                $"  DW {field.Dw} {field.Bits,5}  {field.Name,-28} 0x{field.Value:x}{(field.Meaning.Length > 0 ? $"  {field.Meaning}" : "")}"));
        }

        for (var at = 0; at < _payload.Length; at += 16)
        {
            var line = _payload.AsSpan(at, Math.Min(16, _payload.Length - at));
            text.AppendLine(string.Create(CultureInfo.InvariantCulture, $"  data {at,5:x4}  {string.Join(' ', line.ToArray().Select(b => $"{b:x2}"))}"));
        }

        if (_digest is not null)
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"  digest      {_digest}{(IsValid ? "  right" : "")}");
        }

        if (_mistake is not null)
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"  error       {_mistake} [{_error}]");
        }

        return text.ToString().TrimEnd();
    }
}
